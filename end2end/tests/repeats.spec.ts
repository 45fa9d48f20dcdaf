// What is sent twice is done once: a press too many before the WASM is there, and POSTs that the browser sends again by
// itself because their answer was lost.

import type { Page } from '@playwright/test';

import { type Site, expect, test } from '../support/test.ts';
import { type Person, type Wearer, ada, grace, joan } from '../support/wearer.ts';

// Long badges: nothing is renewed unless somebody asks for it.
test.use({ lifetimes: { access: 600, retryWindow: 3, settle: 5, idle: 3600, absolute: 7200 } });

const NEXT = 'nine lamps, no shade';

/** A plain form is asked for a cookie first, and sent once more with it. */
const ASKED = '/auth/register?cookies=asked';

/** The form is there and the WASM is not, nor is an answer to the form. */
async function withoutWasm(page: Page, site: Site, form: string) {
  const wasm = site.proxy.trouble('/pkg/lanyard_bg.wasm', { kind: 'hold' });
  const answer = site.proxy.trouble(form, { kind: 'hold' });
  await page.goto(`${site.url}/register`, { waitUntil: 'commit' });
  return { wasm, answer };
}

async function fill(page: Page, person: Person): Promise<void> {
  await page.getByLabel('Name', { exact: true }).fill(person.name);
  await page.getByLabel('Email', { exact: true }).fill(person.email);
  await page.getByLabel('Password', { exact: true }).fill(person.password);
}

/** A finger over the button, which presses whatever else the page is doing: a locator would wait for the answer. */
async function finger(page: Page): Promise<() => Promise<void>> {
  const button = page.getByRole('button', { name: 'Create the account' });
  await button.scrollIntoViewIfNeeded();
  const box = (await button.boundingBox())!;
  return () => page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
}

async function sessions(wearer: Wearer, site: Site): Promise<unknown[]> {
  const list = site.proxy.next('/api/sessions', ({ status }) => status === 200);
  await wearer.openDevices();
  return JSON.parse((await list).gotBody).sessions;
}

/** Each page was left, or stopped, while its WASM was held up, and browsers tell a page of that. */
const forgive = (problems: string[]) =>
  problems.splice(0, Infinity, ...problems.filter((problem) => !/NetworkError|Failed to fetch/.test(problem)));

for (const [moment, form] of [['asked for a cookie', '/auth/register'], ['answered', ASKED]] as const) {
  test(`a form that is pressed again before it is ${moment} is sent once`, async ({ page, site, wearer, problems }) => {
    const { wasm, answer } = await withoutWasm(page, site, form);
    await fill(page, ada);
    const press = await finger(page);
    await press();
    await expect.poll(() => answer.hits).toBe(1);
    await press();
    await page.keyboard.press('Enter');
    // Whatever else went out would be here by now.
    await site.server.send('GET', '/health/live');
    answer.end();
    await expect(page).toHaveURL(`${site.url}/dashboard`);
    expect(site.proxy.seen('/auth/register').map(({ path, status }) => [path, status])).toEqual([['/auth/register', 307], [ASKED, 303]]);
    wasm.end();
    await wearer.expectSignedIn(ada);
    forgive(problems);
  });
}

test('whoever stops the page may press again, and it is the same account', async ({ page, site, wearer, problems }) => {
  const { wasm, answer } = await withoutWasm(page, site, ASKED);
  await fill(page, ada);
  const press = await finger(page);
  // As the key does in a browser with a window.
  await page.evaluate(() => addEventListener('keydown', ({ key }) => key === 'Escape' && window.stop()));
  await press();
  await expect.poll(() => answer.hits).toBe(1);
  await page.keyboard.press('Escape');
  // The server hears of the first all the same, and nobody of its answer.
  const heard = site.proxy.next('/auth/register', ({ status }) => status === 303);
  answer.end();
  await heard;
  await press();
  await expect(page).toHaveURL(`${site.url}/dashboard`);
  expect(site.proxy.seen('/auth/register').map(({ status }) => status)).toEqual([307, 303, 303]);
  wasm.end();
  await wearer.expectSignedIn(ada);
  expect(await sessions(wearer, site)).toHaveLength(1);
  forgive(problems);
});

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false });
  test.skip(({ browserName }) => browserName === 'firefox', 'WebDriver BiDi can’t switch it off in Firefox');

  test('a form that is pressed twice makes one account, signed in', async ({ page, site, context }) => {
    const first = site.proxy.trouble(ASKED, { kind: 'hold' });
    await page.goto(`${site.url}/register`);
    await fill(page, ada);
    const press = await finger(page);
    await press();
    await expect.poll(() => first.hits).toBe(1);
    // By now it has the cookie that is asked for.
    const second = site.proxy.trouble('/auth/register', { kind: 'hold' });
    await press();
    await expect.poll(() => second.hits).toBe(1);
    for (const rule of [first, second]) rule.end();
    await expect(page).toHaveURL(`${site.url}/dashboard`);
    await expect.poll(() => site.proxy.seen('/auth/register').map(({ status }) => status)).toEqual([307, 303, 303]);
    const cookies = (await context.cookies([`${site.url}/auth/refresh`])).map(({ name, value }) => `${name}=${value}`);
    const renewed = await site.server.send('POST', '/auth/refresh', { headers: { cookie: cookies.join('; '), origin: site.url } });
    expect(renewed.status, 'what the browser holds is good').toBe(200);
  });
});

/** Sends again by hand what the browser has not sent again by itself; a kept connection decides. */
async function untilDone(page: Page, button: string, done: () => Promise<boolean>): Promise<void> {
  await expect(async () => {
    if (await done()) return;
    const lost = page.getByRole('alert').filter({ hasText: 'not available' });
    if (await lost.isVisible()) await page.getByRole('button', { name: button }).click();
    expect(await done()).toBe(true);
  }).toPass({ timeout: 20_000 });
}

test('a registration whose answer is lost signs in', async ({ wearer, page, site }) => {
  const rule = site.proxy.trouble('/auth/register', { kind: 'lose' }, 1);
  await wearer.openForm('/register');
  await wearer.submitRegister(ada);
  await untilDone(page, 'Create the account', async () => page.url().endsWith('/dashboard'));
  await wearer.expectSignedIn(ada);
  expect(rule.hits).toBe(1);
  expect(site.proxy.seen('/auth/register').map(({ status }) => status)).toEqual([200, 200]);
  expect(await sessions(wearer, site)).toHaveLength(1);
});

test('a password change whose answer is lost is a password change', async ({ wearer, page, site }) => {
  await wearer.register(ada);
  await wearer.openAccount(ada);
  const rule = site.proxy.trouble('/api/account/password', { kind: 'lose' }, 1);
  await wearer.changePassword(ada.password, NEXT);
  const changed = page.getByRole('status').filter({ hasText: 'Your password is changed.' });
  await untilDone(page, 'Change the password', () => changed.isVisible());
  expect(rule.hits).toBe(1);
  const answers = site.proxy.seen('/api/account/password');
  expect(answers.map(({ status, gotBody }) => [status, gotBody])).toEqual([[200, '{"ended":0}'], [200, '{"ended":0}']]);
  // The next one is another one, and so is its key.
  await wearer.changePassword(NEXT, 'one more lamp, lit');
  await expect.poll(() => site.proxy.seen('/api/account/password').map(({ status }) => status)).toEqual([200, 200, 200]);
  await expect(changed).toBeVisible();
});

test('a mistake is corrected under the same key', async ({ wearer, page }) => {
  await wearer.openForm('/register');
  await wearer.submitRegister({ ...ada, password: 'password1' });
  await expect(page.getByRole('alert').filter({ hasText: /guess/ })).toBeVisible();
  await page.getByLabel('Password', { exact: true }).fill(ada.password);
  await page.getByRole('button', { name: 'Create the account' }).click();
  await wearer.expectSignedIn(ada);
});

test('an administrator’s new account whose answer is lost is made once', async ({ wearer, page, site }) => {
  await site.server.makeAdmin(joan);
  await wearer.signIn(joan);
  await wearer.openAdmin('/admin/users');
  const rule = site.proxy.trouble('/api/admin/users', { kind: 'lose', which: ({ method }) => method === 'POST' }, 1);
  await page.getByText('Make an account').click();
  await fill(page, grace);
  await page.getByRole('button', { name: 'Make the account' }).click();
  const heading = page.getByRole('heading', { name: grace.name });
  await untilDone(page, 'Make the account', () => heading.isVisible());
  expect(rule.hits).toBe(1);
  const made = site.proxy.seen('/api/admin/users').map(({ status, gotBody }) => [status, JSON.parse(gotBody).id]);
  expect(made).toHaveLength(2);
  expect(made[1]).toEqual(made[0]);
});
