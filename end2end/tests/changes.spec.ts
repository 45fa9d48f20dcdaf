// "Your account": another name, another password.

import { expect, test } from '../support/test.ts';
import { Wearer, ada } from '../support/wearer.ts';

// Long badges: nothing is renewed unless somebody asks for it.
test.use({ lifetimes: { access: 600, retryWindow: 3, settle: 5, idle: 3600, absolute: 7200 } });

const NEXT = 'nine lamps, no shade';

test('a new name is told to every tab', async ({ wearer, newTab, page }) => {
  await wearer.register(ada);
  const tab = await newTab();
  await tab.open('/dashboard');
  await tab.expectSignedIn(ada);
  await wearer.openAccount(ada);
  for (const name of ['Augusta King', '<i>Ada</i> &lt;b&gt;', 'Ωμέγα 🦀']) {
    await page.getByLabel('Name', { exact: true }).fill(`  ${name} `);
    await page.getByRole('button', { name: 'Change the name' }).click();
    await expect(page.getByRole('status').filter({ hasText: 'Your name is changed' })).toBeVisible();
    await expect(page.getByLabel('Name', { exact: true })).toHaveValue(name);
    for (const one of [wearer, tab]) {
      await expect(one.page.getByRole('banner').getByRole('link', { name: 'Account' })).toContainText(name);
    }
    await expect(tab.page).toHaveTitle(new RegExp(`signed in as ${name.split(' ')[0]}`));
  }
  await page.getByLabel('Name', { exact: true }).fill('   ');
  await page.getByRole('button', { name: 'Change the name' }).click();
  await expect(page.getByRole('alert').filter({ hasText: /name/i })).toBeVisible();
  await expect(page.getByLabel('Name', { exact: true })).toBeFocused();
});

test('a new password ends the other browser, keeps this one, and is the only one that works', async ({ wearer, page, newContext, site }) => {
  await wearer.register(ada);
  const other = new Wearer(await (await newContext()).newPage(), site);
  await other.signIn(ada);
  await wearer.openAccount(ada);
  const before = site.proxy.log.filter(({ path }) => path.startsWith('/auth/')).length;
  await wearer.changePassword(ada.password, NEXT);
  await expect(page.getByRole('status').filter({ hasText: 'One other session was ended.' })).toBeVisible();
  for (const field of ['Current password', 'New password']) {
    await expect(page.getByLabel(field, { exact: true })).toHaveValue('');
  }

  await other.page.getByRole('button', { name: 'Call the API' }).click();
  await other.expectSentToSignIn(/password was changed/);
  await other.submitSignIn(ada);
  await expect(other.page.getByRole('alert').filter({ hasText: /wrong/i })).toBeVisible();
  // A form of its own: Firefox under Playwright adds to what an email field holds.
  await other.openForm('/sign-in');
  await other.submitSignIn({ ...ada, password: NEXT });
  await other.expectSignedIn(ada);

  // The same badge still opens doors here; then the passport fetches the next one.
  await page.getByRole('link', { name: 'Dashboard', exact: true }).click();
  await wearer.callApi();
  const renewed = site.proxy.log.filter(({ path }) => path.startsWith('/auth/')).slice(before).map(({ path }) => path);
  expect(renewed.filter((path) => path === '/auth/refresh'), 'this browser did not even renew').toEqual([]);
  await wearer.renew();
  await page.reload();
  await wearer.expectSignedIn(ada);
});

test('what is wrong with a password is said, and nobody is signed out for it', async ({ wearer, page, newContext, site }) => {
  await wearer.register(ada);
  const other = new Wearer(await (await newContext()).newPage(), site);
  await other.signIn(ada);
  await wearer.openAccount(ada);
  await wearer.changePassword('eight doors, no desk', NEXT);
  await expect(page.getByRole('alert').filter({ hasText: 'The current password is wrong.' })).toBeVisible();
  await expect(page.getByLabel('Current password', { exact: true })).toBeFocused();
  await expect(page.getByLabel('New password', { exact: true })).toHaveValue(NEXT);

  // The browser asks for eight characters, the server for eight that are not only spaces around fewer.
  await page.getByLabel('New password', { exact: true }).evaluate((field) => field.removeAttribute('minlength'));
  await wearer.changePassword(ada.password, 'short');
  await expect(page.getByRole('alert').filter({ hasText: /8/ })).toBeVisible();
  await expect(page.getByLabel('New password', { exact: true })).toBeFocused();
  await other.callApi();
  expect(page.url(), 'nothing that was typed gets into an address').toMatch(/\/account$/);

  const busy = JSON.stringify({ error: 'too_many_requests', message: 'no', retry_after: 120 });
  site.proxy.trouble('/api/account/password', { kind: 'answer', status: 429, type: 'application/json', body: busy });
  await wearer.changePassword(ada.password, NEXT);
  await expect(page.getByRole('alert').filter({ hasText: 'in 2 minutes' })).toBeVisible();
});

test('password managers find what they look for', async ({ wearer, page }) => {
  await wearer.register(ada);
  await wearer.openAccount(ada);
  const form = page.locator('form', { has: page.getByRole('button', { name: 'Change the password' }) });
  await expect(form.locator('input[autocomplete="username"]')).toHaveValue(ada.email);
  const current = page.getByLabel('Current password', { exact: true });
  const next = page.getByLabel('New password', { exact: true });
  await expect(current).toHaveAttribute('autocomplete', 'current-password');
  await expect(next).toHaveAttribute('autocomplete', 'new-password');
  for (const [field, label] of [[current, 'current'], [next, 'new']] as const) {
    await expect(field).toHaveAttribute('type', 'password');
    await page.getByRole('button', { name: `Show ${label} password` }).click();
    await expect(field).toHaveAttribute('type', 'text');
    await page.getByRole('button', { name: `Hide ${label} password` }).click();
    await expect(field).toHaveAttribute('type', 'password');
  }
});

for (const path of ['/devices', '/account']) {
  test(`the way to ${path} leads through sign-in and back`, async ({ wearer, page, site }) => {
    await wearer.register(ada);
    await wearer.signOut();
    await wearer.expectSignedOut();
    // By the server, before any script.
    const answer = await page.request.get(site.url + path, { maxRedirects: 0 });
    expect([answer.status(), answer.headers().location]).toEqual([302, `/sign-in?next=${encodeURIComponent(path)}`]);
    await wearer.openForm(path);
    await wearer.submitSignIn(ada);
    await expect(page).toHaveURL(site.url + path);
    await expect(page.getByRole('heading', { level: 1 })).toHaveText(/Your/);
  });
}
