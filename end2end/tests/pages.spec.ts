// Every page: for everybody, on every screen, in light and dark, and back from the browser's memory.

import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';

import { expect, test, watch } from '../support/test.ts';
import { readRefreshToken } from '../support/tokens.ts';
import { Wearer, ada, joan } from '../support/wearer.ts';

const OPEN = ['/', '/sign-in', '/sign-in?error=invalid_credentials', '/sign-in?error=cookies_refused&next=%2Fdashboard', '/register', '/nowhere'];
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(`in ${colorScheme}`, () => {
    test.use({ colorScheme, reducedMotion: 'reduce' });
    test.skip(({ browserName }) => browserName === 'firefox' && colorScheme === 'dark', 'WebDriver BiDi can’t choose');

    test('axe finds nothing on the open pages', async ({ wearer, page }) => {
      for (const path of OPEN) {
        await wearer.open(path);
        await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
        expect(await violations(page), path).toEqual([]);
      }
    });

    test('axe finds nothing on the pages of somebody signed in', async ({ wearer, page }) => {
      await wearer.register(ada);
      await wearer.callApi();
      for (const path of ['/dashboard', '/', '/sign-in', '/register']) {
        await wearer.open(path);
        await expect(page.getByRole('banner').getByRole('button', { name: 'Sign out' })).toBeVisible();
        if (path === '/dashboard') await wearer.expectSignedIn(ada);
        expect(await violations(page), path).toEqual([]);
      }
    });

    test('axe finds nothing on the account, with an error on it', async ({ wearer, page }) => {
      await wearer.register(ada);
      await wearer.openAccount(ada);
      await wearer.changePassword('eight doors, no desk', 'seven lamps, one door');
      await expect(page.getByText('The current password is wrong.')).toBeVisible();
      expect(await violations(page)).toEqual([]);
    });

    test('axe finds nothing on the list of devices, with a question and a form open', async ({ wearer, newContext, site, page }) => {
      await wearer.register(ada);
      await new Wearer(await (await newContext()).newPage(), site).signIn(ada);
      await wearer.openDevices();
      await expect(wearer.otherDevices).toHaveCount(1);
      expect(await violations(page)).toEqual([]);
      await wearer.thisDevice.getByRole('button', { name: 'Rename' }).click();
      await wearer.otherDevices.getByRole('button', { name: 'End' }).click();
      await page.getByRole('button', { name: 'Sign out everywhere' }).click();
      await expect(page.getByRole('group')).toHaveCount(2);
      expect(await violations(page)).toEqual([]);
    });

    test('axe finds nothing on the administration, with a form, a question and a table open', async ({ wearer, site, page }) => {
      // Firefox takes as long for five pages as most tests have.
      test.slow();
      await site.server.makeAdmin(joan);
      await wearer.signIn(joan);
      const check = async (path: string, open: () => Promise<void> = async () => {}) => {
        await wearer.openAdmin(path);
        await open();
        expect(await violations(page), path).toEqual([]);
      };
      await check('/admin', () => page.getByText('Make an account').click());
      await wearer.main.getByRole('link', { name: joan.name }).click();
      await expect(page.getByText('Stays up to date')).toHaveCount(2);
      await check(new URL(page.url()).pathname, () => page.getByRole('button', { name: 'Close the account' }).click());
      await check('/admin/sessions');
      await check('/admin/audit');
      await check('/admin/activity', () => page.getByText('The same as a table').click());
    });

    test('axe finds nothing on notices, nor where an administrator is wanted', async ({ wearer, site, page }) => {
      await wearer.register(ada);
      await wearer.open('/admin/audit');
      await expect(page.getByText('This page is for administrators')).toBeVisible();
      expect(await violations(page)).toEqual([]);
      const headers = { 'content-type': 'application/json', 'user-agent': 'Mozilla/5.0 (Android 14; Mobile; rv:130.0) Gecko/130.0 Firefox/130.0' };
      const body = JSON.stringify({ ...ada, name: undefined, token_delivery: 'body' });
      expect((await site.server.send('POST', '/auth/login', { headers, body })).status).toBe(200);
      await wearer.openDevices();
      await wearer.notices.getByRole('button', { name: 'Sign it out' }).first().click();
      await expect(page.getByRole('group')).toHaveCount(1);
      expect(await violations(page)).toEqual([]);
    });
  });
}

async function violations(page: Page): Promise<string[]> {
  // What works only with the WASM shows itself when that has come, or while axe looks.
  await expect(page.locator('.unready')).toHaveCount(0);
  // What is fading in has not the colours yet that it is read in.
  await page.evaluate(async () => {
    const ends = (it: Animation) => Number(it.effect?.getComputedTiming().endTime ?? 0);
    const passing = document.getAnimations().filter((it) => ends(it) < 2_000);
    await Promise.allSettled(passing.map((it) => it.finished));
  });
  const { violations } = await new AxeBuilder({ page }).withTags(RULES).analyze();
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html}\n${failureSummary}`));
}

test.describe('at 360 px', () => {
  test.use({ viewport: { width: 360, height: 740 } });

  test('nothing scrolls sideways, and everything is there', async ({ wearer, page }) => {
    const fits = async (path: string, links = ['Home', 'Dashboard']) => {
      const [wanted, there] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
      expect(wanted, path).toBeLessThanOrEqual(there!);
      for (const link of links) {
        await expect(page.getByRole('banner').getByRole('link', { name: link, exact: true }), path).toBeInViewport();
      }
    };
    for (const path of OPEN) {
      await wearer.open(path);
      await expect(page.getByRole('banner').getByRole('link', { name: 'Sign in' })).toBeInViewport();
      await fits(path);
    }
    await wearer.register(ada);
    await wearer.callApi();
    const all = ['Home', 'Dashboard', 'Devices', `Account ${ada.name}`];
    // Pressing the button scrolled down to it.
    await page.keyboard.press('Control+Home');
    await fits('/dashboard', all);
    await expect(page.getByRole('button', { name: 'Sign out' })).toBeInViewport();
    await wearer.openAccount(ada);
    await fits('/account', all);
    await wearer.openDevices();
    await wearer.thisDevice.getByRole('button', { name: 'Rename' }).click();
    await wearer.thisDevice.getByLabel('Name of this device').fill('W'.repeat(60));
    await page.keyboard.press('Enter');
    await expect(page.getByRole('heading', { name: 'W'.repeat(60) })).toBeVisible();
    await page.evaluate(() => scrollTo(0, 0));
    await fits('/devices', all);
  });

  test('nor does anything of the administration', async ({ wearer, page, site }) => {
    const long = { ...joan, name: `${'W'.repeat(50)} ${'iW '.repeat(16)}` };
    await site.server.makeAdmin(long);
    await wearer.openForm('/sign-in?next=%2Fadmin');
    await wearer.submitSignIn(long);
    await wearer.main.getByRole('link', { name: 'WWW' }).click();
    const person = new URL(page.url()).pathname;
    for (const path of ['/admin', '/admin/sessions', '/admin/audit', '/admin/activity', person]) {
      await wearer.openAdmin(path);
      for (const summary of await wearer.main.locator('summary').all()) await summary.click();
      for (const button of await wearer.main.getByRole('button', { name: /^(End|Close|Take)/ }).all()) await button.click();
      await page.evaluate(() => scrollTo(0, 0));
      const [wanted, there] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
      expect(wanted, path).toBeLessThanOrEqual(there!);
      for (const link of ['Home', 'Dashboard', 'Devices', 'Admin']) {
        await expect(page.getByRole('banner').getByRole('link', { name: link, exact: true }), path).toBeInViewport({ ratio: 1 });
      }
      for (const link of ['People', 'Sessions', 'Audit log', 'Activity']) {
        await expect(page.getByRole('navigation', { name: 'Administration' }).getByRole('link', { name: link })).toBeInViewport({ ratio: 1 });
      }
    }
  });
});

test('a page that does not exist says so, with a 404', async ({ page, site }) => {
  const answer = await page.goto(`${site.url}/nowhere`);
  expect(answer?.status()).toBe(404);
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
});

test('what the server draws for somebody signed in shows no sign-in form, not even for a moment', async ({ wearer, page, site }) => {
  await wearer.register(ada);
  const rule = site.proxy.trouble('/auth/refresh', { kind: 'hold' });
  await wearer.open('/dashboard');
  await expect(page.getByRole('button', { name: 'Sign out' })).toBeVisible();
  await expect(page.getByRole('banner').getByRole('link', { name: 'Sign in' })).toHaveCount(0);
  await expect(page).toHaveURL(/\/dashboard$/);
  rule.end();
  await wearer.expectSignedIn(ada);
});

test.describe('back from the back-forward cache', () => {
  test.skip(({ browserName }) => browserName !== 'chromium', 'Firefox under Playwright loads the page anew instead');

  for (const ended of [false, true]) {
    test(`blank until checked, ${ended ? 'when the session has ended' : 'when it goes on'}`, async ({ playwright, launchOptions, site, problems }) => {
      const browser = await playwright.chromium.launch({ ...launchOptions, ignoreDefaultArgs: ['--disable-back-forward-cache'] });
      try {
        const context = await browser.newContext();
        await watch(context, problems);
        await context.addInitScript(() => {
          addEventListener('pageshow', (event) => Object.assign(window, { cameBack: event.persisted }));
        });
        const page = await context.newPage();
        const wearer = new Wearer(page, site);
        await wearer.register(ada);
        const jar = await context.cookies([`${site.url}/auth/refresh`]);
        const token = readRefreshToken(jar.find(({ httpOnly }) => httpOnly)!.value);

        await page.goto(`${site.url}/.well-known/jwks.json`);
        if (ended) {
          const answer = await site.server.send('POST', '/auth/logout', { headers: { authorization: `Bearer ${token.text}` } });
          expect(answer.status).toBe(204);
        }
        const rule = site.proxy.trouble('/auth/refresh', { kind: 'hold' });
        await page.goBack({ waitUntil: 'commit' });
        await expect.poll(() => page.evaluate(() => 'cameBack' in window && window.cameBack)).toBe(true);
        await expect.poll(() => rule.hits).toBeGreaterThan(0);
        await expect(page.getByText(ada.email).first()).toBeHidden();
        await expect(page.locator('body')).toBeHidden();
        rule.end();
        if (ended) await wearer.expectSentToSignIn(/signed out/i);
        else await wearer.expectSignedIn(ada);
        await expect(page.locator('body')).toBeVisible();
      } finally {
        await browser.close();
      }
    });
  }
});
