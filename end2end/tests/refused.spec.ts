// A browser that keeps no cookie of ours: told why, and no session is left behind that nobody holds.

import type { Page } from '@playwright/test';

import { type Site, expect, test, watch } from '../support/test.ts';
import { type Person, Wearer, ada, joan } from '../support/wearer.ts';

test.use({ lifetimes: { access: 600, retryWindow: 3, settle: 5, idle: 3600, absolute: 7200 } });

/** How many sessions of this person are open. */
async function open(site: Site, { email }: Person): Promise<number> {
  return JSON.parse(await site.server.command(['sessions', 'list', '--json', '--user', email])).length;
}

/** The server hears of no cookie, and the browser of none: as where they are refused. */
function refuseCookies(site: Site): void {
  site.proxy.dropsCookies = true;
}

async function sendPlainForm(page: Page, { email, password }: Person): Promise<void> {
  await page.getByLabel('Email').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('main').getByRole('button', { name: 'Sign in' }).click();
}

test.describe('by a plain form', () => {
  test.use({ javaScriptEnabled: false });
  test.skip(({ browserName }) => browserName === 'firefox', 'WebDriver BiDi can’t turn JavaScript off');

  test('it is told why, each time, and nothing is left behind', async ({ page, site }) => {
    await site.server.makeAdmin(joan);
    refuseCookies(site);
    await page.goto(`${site.url}/devices`);
    for (const _ of [1, 2]) {
      await sendPlainForm(page, joan);
      await expect(page.getByRole('alert').filter({ hasText: 'this browser does not keep the cookie' })).toBeVisible();
      await expect(page).toHaveURL(`${site.url}/sign-in?error=cookies_refused&next=%2Fdevices`);
    }
    expect(await open(site, joan)).toBe(0);
    // Once it keeps them, the same page does.
    site.proxy.dropsCookies = false;
    await sendPlainForm(page, joan);
    await expect(page).toHaveURL(`${site.url}/devices`);
    expect(await open(site, joan)).toBe(1);
  });
});

test('a plain form that is sent before the WASM is there is asked for a cookie once more', async ({ page, site, problems }) => {
  await site.server.makeAdmin(joan);
  await page.route('**/*.wasm*', (route) => route.abort());
  await page.goto(`${site.url}/sign-in?next=%2Faccount`);
  await sendPlainForm(page, joan);
  await expect(page).toHaveURL(`${site.url}/account`);
  expect(site.proxy.seen('/auth/login').map(({ status }) => status)).toEqual([307, 303]);
  // Each page says that its WASM did not come.
  problems.length = 0;
});

for (const leave of ['signs out', 'goes elsewhere', 'signs in as somebody else'] as const) {
  test(`with the WASM, the session is ended when its wearer ${leave}`, async ({ wearer, page, site }) => {
    await site.server.makeAdmin(joan);
    refuseCookies(site);
    await wearer.openForm('/register');
    await wearer.submitRegister(ada);
    await wearer.expectSignedIn(ada);
    await expect(page.getByRole('heading', { name: 'This browser did not keep your passport' })).toBeVisible();
    expect(await open(site, ada)).toBe(1);
    const ended = site.proxy.next(`/api/sessions/${(await sessionOf(site))}`);
    if (leave === 'signs out') {
      await wearer.signOut();
      await wearer.expectSignedOut();
    } else if (leave === 'goes elsewhere') {
      await page.goto('about:blank');
    } else {
      await page.evaluate(() => history.pushState(null, '', '/sign-in'));
      await page.evaluate(() => dispatchEvent(new PopStateEvent('popstate')));
      await wearer.submitSignIn(joan);
      await wearer.expectSignedIn(joan);
    }
    expect((await ended).status).toBe(204);
    expect(await open(site, ada)).toBe(0);
  });
}

test('a page that comes back out of the browser’s memory finds its session ended', async ({ playwright, browserName, launchOptions, site, problems }) => {
  test.skip(browserName !== 'chromium', 'Firefox comes back, and Playwright waits for it to load');
  refuseCookies(site);
  const browser = await playwright.chromium.launch({ ...launchOptions, ignoreDefaultArgs: ['--disable-back-forward-cache'] });
  try {
    const context = await browser.newContext();
    await watch(context, problems);
    const cameBack: unknown[] = [];
    await context.exposeFunction('cameBack', (persisted: boolean) => cameBack.push(persisted));
    await context.addInitScript(() => addEventListener('pageshow', ({ persisted }) => {
      (globalThis as unknown as { cameBack: (persisted: boolean) => void }).cameBack(persisted);
    }));
    const page = await context.newPage();
    const wearer = new Wearer(page, site);
    await wearer.openForm('/register');
    await wearer.submitRegister(ada);
    await wearer.expectSignedIn(ada);
    await expect(page.getByRole('heading', { name: 'This browser did not keep your passport' })).toBeVisible();
    const ended = site.proxy.next(`/api/sessions/${(await sessionOf(site))}`);
    await page.goto(`${site.url}/.well-known/jwks.json`);
    expect((await ended).status).toBe(204);
    await page.goBack({ waitUntil: 'commit' });
    await wearer.expectSignedOut();
    await expect(page.locator('body')).toBeVisible();
    await expect(page.locator('body')).not.toContainText(ada.email);
    expect(cameBack, 'it was in the memory').toContain(true);
  } finally {
    await browser.close();
  }
});

test.describe('with a badge that is soon over', () => {
  test.use({ lifetimes: { access: 6, retryWindow: 3, settle: 5, idle: 3600, absolute: 7200 } });

  test('the session is ended before it', { tag: '@timing' }, async ({ wearer, site }) => {
    refuseCookies(site);
    await wearer.openForm('/register');
    await wearer.submitRegister(ada);
    await wearer.expectSignedIn(ada);
    const ended = await site.proxy.next(`/api/sessions/${await sessionOf(site)}`);
    expect(ended.status).toBe(204);
    await wearer.expectSentToSignIn(/there was no passport/);
  });
});

async function sessionOf(site: Site): Promise<string> {
  return JSON.parse(site.proxy.seen('/auth/register').at(-1)!.gotBody).session_id;
}
