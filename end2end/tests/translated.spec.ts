// A page that the browser translates: whatever changes by itself, or names somebody, still does.

import type { Page } from '@playwright/test';

import { expect, test } from '../support/test.ts';
import { translate } from '../support/translator.ts';
import { type Wearer, ada, grace, joan } from '../support/wearer.ts';

/** When the translator gets to a page. */
const moments = {
  'before it comes to life': (page: Page) => page.addInitScript(`addEventListener('DOMContentLoaded', () => (${translate})())`),
  'while it comes to life': (page: Page) => page.addInitScript(`addEventListener('DOMContentLoaded', () => (${translate})(true))`),
  'once it lives': (page: Page) => page.addInitScript(`addEventListener('load', () => {
    const look = setInterval(() => {
      if (document.querySelector('.unready, [aria-busy]')) return;
      clearInterval(look);
      (${translate})();
    }, 20);
  })`),
} satisfies Record<string, (page: Page) => Promise<unknown>>;

/** What a page says, but for what differs from one look to the next. */
async function said(page: Page): Promise<string> {
  const text = await page.evaluate(() => {
    const parts = [...document.querySelectorAll('header, main > *')];
    return parts.map((part) => {
      const copy = part.cloneNode(true) as Element;
      for (const moving of copy.querySelectorAll('[role="log"], .answer, .ring, [hidden], .facts, .badge-kind, .list-state')) moving.remove();
      return copy.textContent;
    }).join(' ');
  });
  return text.replace(/\s+/g, ' ');
}

/** The page says what it says where nothing was translated. */
async function expectNothingOutdated(translated: Page, fresh: Wearer, path: string): Promise<void> {
  await fresh.open(path);
  await expect(fresh.page.locator('.unready')).toHaveCount(0);
  await expect(async () => expect(await said(translated)).toBe(await said(fresh.page))).toPass();
}

for (const [moment, translateAt] of Object.entries(moments)) {
  test.describe(`translated ${moment}`, () => {
    test.beforeEach(async ({ page }) => {
      await translateAt(page);
    });

    test('the page is whoever’s is signed in', async ({ page, wearer, newTab, site }) => {
      await wearer.register(grace);
      await wearer.signOut();
      await wearer.openForm('/register');
      await wearer.submitRegister(ada);
      await wearer.expectSignedIn(ada);
      await expect(page.locator('font font').first(), 'it is translated').toBeAttached();
      const badge = page.getByRole('region', { name: 'Your badge' });
      await expect(badge.getByText(ada.name, { exact: true }), 'but for the name').toBeVisible();
      await expect(page.getByRole('heading', { level: 1 })).toContainText('Ada');

      // What ticks, and what the engine does.
      const timer = badge.getByRole('timer');
      const before = await timer.textContent();
      await expect(timer).not.toHaveText(before ?? '');
      // While the timer's own renewal is under way, the button joins it.
      await expect(async () => {
        await wearer.renew();
        await expect(badge).toContainText('by hand', { timeout: 1_000 });
      }).toPass({ timeout: 30_000 });
      const number = await wearer.generation();
      await expect.poll(() => wearer.generation(), { timeout: 30_000 }).toBeGreaterThan(number);
      await expect(badge).not.toContainText('by hand');
      await wearer.callApi();
      await expect(page.getByRole('main').locator('pre')).toContainText(ada.email);
      await wearer.leaveNote('a note');
      await expect(page.getByRole('status').filter({ hasText: '/api/stamp' })).toBeVisible();
      await expect(page.getByRole('main')).not.toContainText('/api/me 200');
      await wearer.setPattern('Silent timer', false);
      await expect(page.getByRole('main')).toContainText('Only the retry');
      await expect(page.getByRole('main')).not.toContainText('Both on');
      await wearer.setPattern('Silent timer', true);

      // Somebody else comes.
      const other = await newTab();
      await other.signIn(grace);
      await wearer.comeToFront();
      await wearer.expectSignedIn(grace);
      await expect(badge.getByText(grace.name, { exact: true })).toBeVisible();
      await expect(page.getByRole('heading', { level: 1 })).toContainText('Grace');
      await expect(page.locator('body')).not.toContainText('Ada');
      await expect(page.locator('body')).not.toContainText('ada@');
      await expectNothingOutdated(page, await newTab(), '/dashboard');

      // And goes, where there is no network.
      await page.context().setOffline(true);
      await expect(wearer.trouble).toContainText('You stay signed in');
      await wearer.signOut();
      await wearer.expectSentToSignIn(/signed out/);
      await expect(wearer.trouble).toContainText('hear of your sign-out');
      await expect(page.locator('body')).not.toContainText('You stay signed in');
      await page.context().setOffline(false);
      await expect(page.locator('aside')).not.toContainText('offline');
      expect(site.proxy.seen('/auth/logout').length).toBeGreaterThan(0);
    });

    test('forms say what came of them last', async ({ page, wearer, site }) => {
      await wearer.register(ada);
      await wearer.openAccount(ada);
      const alert = page.getByRole('alert').filter({ hasText: /\w/ });
      await wearer.changePassword('not this one', 'three words, all of them good');
      await expect(alert).toContainText('wrong');
      await wearer.changePassword(ada.password, 'password1');
      await expect(alert).not.toContainText('wrong');
      await expect(page.getByRole('status').filter({ hasText: 'Easy to guess' })).toBeVisible();
      await page.getByLabel('New password', { exact: true }).fill('three words, all of them good');
      await expect(page.getByRole('status').filter({ hasText: 'Very good' })).toBeVisible();
      await expect(page.getByRole('main')).not.toContainText('Easy to guess');
      const show = page.getByRole('button', { name: 'Show new password' });
      await show.click();
      await expect(page.getByRole('button', { name: 'Hide new password' })).toBeVisible();
      await expect(show).toHaveCount(0);
      await page.getByRole('button', { name: 'Change the password' }).click();
      await expect(page.getByRole('status').filter({ hasText: 'Your password is changed' })).toBeVisible();
      await page.getByLabel('Name', { exact: true }).fill('Augusta King');
      await page.getByRole('button', { name: 'Change the name' }).click();
      await expect(page.getByRole('banner')).toContainText('Augusta King');
      await expect(page.getByRole('banner')).not.toContainText('Ada');

      await wearer.signOut();
      await wearer.openForm('/sign-in');
      const rule = site.proxy.trouble('/auth/login', { kind: 'answer', status: 503, type: 'text/plain', body: 'away' });
      await wearer.submitSignIn(ada);
      await expect(alert).toContainText('not available');
      rule.end();
      await page.getByLabel('Password', { exact: true }).fill('not this one');
      await page.getByRole('main').getByRole('button', { name: 'Sign in' }).click();
      await expect(alert).toContainText('wrong');
      await expect(alert).not.toContainText('not available');
    });

    test('lists and tables show what there is', async ({ page, wearer, newContext, newTab, site }) => {
      await site.server.makeAdmin(joan);
      await wearer.signIn(joan);
      await wearer.openDevices();
      await page.getByRole('button', { name: /^Rename/ }).click();
      await page.getByLabel('Name of this device').fill('the one at hut eight');
      await page.getByRole('button', { name: 'Save' }).click();
      await expect(page.getByRole('heading', { name: 'the one at hut eight', exact: true })).toBeVisible();
      await wearer.openAdmin('/admin/activity');
      const elsewhere = await newContext();
      const visitor = await elsewhere.newPage();
      await visitor.goto(site.url);
      await site.server.send('POST', '/auth/login', { body: JSON.stringify({ email: ada.email, password: 'none at all' }), headers: { 'content-type': 'application/json' } });
      await expect(page.getByRole('region', { name: 'refused with 401' })).toContainText('in the last', { timeout: 20_000 });
      for (const path of ['/devices', '/account', '/admin/users', '/admin/sessions', '/admin/audit', '/', '/nowhere']) {
        await wearer.open(path);
        await expect(page.getByRole('banner').getByText(joan.name)).toBeVisible();
        await expectNothingOutdated(page, await newTab(), path);
        await wearer.comeToFront();
      }
    });
  });
}
