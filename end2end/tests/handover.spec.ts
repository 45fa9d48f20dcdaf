// What one person, or one tab, leaves behind: nothing of it reaches the next, and nothing of it is forgotten.

import type { Page } from '@playwright/test';

import { expect, test } from '../support/test.ts';
import { Wearer, ada, grace } from '../support/wearer.ts';

test('the next account finds neither draft nor answer nor journal of the one before', async ({ wearer, page, newTab, newContext, site }) => {
  await new Wearer(await (await newContext()).newPage(), site).register(grace);
  await wearer.register(ada);
  await wearer.leaveNote('stamped for Ada');
  await expect(page.getByText('"stamped for Ada"')).toBeVisible();
  await expect(wearer.journal).toContainText('/api/stamp');
  const note = page.getByLabel('Leave a note at the desk');
  await note.fill('a draft of Ada’s');

  await (await newTab()).signIn(grace);
  await wearer.expectSignedIn(grace);
  await expect(note).toHaveValue('');
  await expect(page.getByText('stamped for Ada')).toHaveCount(0);
  await expect(wearer.journal).toContainText('Another account signed in');
  await expect(wearer.journal).not.toContainText('/api/stamp');
  await wearer.callApi();
});

test.describe('the cookies change while the WASM is on its way', () => {
  /** Opens a page whose WASM arrives only once the returned function is called. */
  async function openAndHold(page: Page, address: string): Promise<() => void> {
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    let asked = false;
    await page.route('**/*.wasm*', async (route) => {
      asked = true;
      await held;
      await route.continue();
    });
    await page.goto(address, { waitUntil: 'commit' });
    await expect.poll(() => asked).toBe(true);
    return release;
  }

  test('signed out meanwhile: the page becomes a stranger’s', async ({ wearer, page, newTab, site }) => {
    await wearer.register(ada);
    const other = await newTab();
    await other.open('/dashboard');
    await other.expectSignedIn(ada);
    const release = await openAndHold(page, `${site.url}/dashboard`);
    await expect(page.getByRole('button', { name: 'Sign out' })).toBeVisible();
    await other.signOut();
    await other.expectSignedOut();
    release();
    await expect(page).toHaveURL(/\/sign-in/);
    await wearer.expectSignedOut();
    await wearer.submitSignIn(ada);
    await wearer.expectSignedIn(ada);
  });

  test('signed in meanwhile: the page becomes hers', async ({ wearer, page, newTab, site }) => {
    await wearer.register(ada);
    await wearer.signOut();
    await wearer.expectSignedOut();
    const other = await newTab();
    await other.openForm('/sign-in');
    const release = await openAndHold(page, `${site.url}/`);
    await wearer.expectSignedOut();
    await other.submitSignIn(ada);
    await other.expectSignedIn(ada);
    release();
    await expect(page.getByRole('button', { name: 'Sign out' })).toBeVisible();
    await expect(page.getByRole('banner')).toContainText(ada.name);
  });
});

for (const value of ['nonsense', 'AAAAAAAAAAA', 'AAAAAAAAAAA.x', 'AAAAAAAAAAA.1']) {
  test(`a hint that means nothing (${value}) leaves a page that works`, async ({ wearer, page, context, site }) => {
    await wearer.register(ada);
    await wearer.signOut();
    await wearer.expectSignedOut();
    const url = site.url.replace('http:', 'https:');
    await context.addCookies([{ name: '__Host-lanyard-hint', value, url, secure: true, sameSite: 'Lax' }]);
    await wearer.open('/dashboard');
    await expect(page).toHaveURL(/\/sign-in/);
    await wearer.expectSignedOut();
    await wearer.openForm('/sign-in');
    await wearer.submitSignIn(ada);
    await wearer.expectSignedIn(ada);
  });
}

test('signed out offline, the page says who will hear of it, and promises nobody that he stays', async ({ wearer, context }) => {
  await wearer.register(ada);
  await context.setOffline(true);
  await expect(wearer.trouble).toContainText('You stay signed in');
  await wearer.signOut();
  await wearer.expectSignedOut();
  await expect(wearer.trouble).toContainText('will hear of your sign-out');
  await expect(wearer.trouble).not.toContainText('stay signed in');
  await context.setOffline(false);
  await expect(wearer.trouble).toBeHidden();
});

test('a sign-out whose tab is closed before the network is back is sent by another tab', async ({ wearer, page, newTab, context, site }) => {
  await wearer.register(ada);
  const other = await newTab();
  await other.open('/dashboard');
  await other.expectSignedIn(ada);
  await context.setOffline(true);
  await wearer.signOut();
  await other.expectSignedOut();
  await page.close();
  expect(site.proxy.seen('/auth/logout')).toEqual([]);
  const heard = site.proxy.next('/auth/logout', ({ status }) => status === 204);
  await context.setOffline(false);
  await heard;
  await expect.poll(async () => (await context.cookies([`${site.url}/auth/refresh`])).length).toBe(0);
});

test('the badge turns over when it is renewed, and at nothing else', async ({ wearer, page }) => {
  await wearer.register(ada);
  const card = page.getByRole('region', { name: 'Your badge' }).locator('[data-state]');
  await wearer.setPattern('Silent timer', false);
  const before = await card.getAttribute('data-turn');
  await wearer.callApi();
  await wearer.setPattern('Retry after 401', false);
  expect(await card.getAttribute('data-turn')).toBe(before);
  await wearer.renew();
  await expect.poll(() => card.getAttribute('data-turn')).not.toBe(before);
});

test('a refused renewal is told as what it is, and asked for again only by hand', async ({ wearer, page, site }) => {
  await wearer.register(ada);
  const body = JSON.stringify({ error: 'invalid_request', message: 'no' });
  const rule = site.proxy.trouble('/auth/refresh', { kind: 'answer', status: 400, type: 'application/json', body });
  await page.getByRole('button', { name: 'Renew now' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'refused to renew' })).toBeVisible();
  await expect(wearer.journal).toContainText('not tried again');
  await expect(wearer.journal).not.toContainText('it is tried again');
  await page.reload();
  await expect(page.getByRole('status').filter({ hasText: 'sign in anew' })).toBeVisible();
  expect(rule.hits).toBe(2);
});
