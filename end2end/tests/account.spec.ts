// Coming and going: register, sign in, sign out, by every means a browser has.

import type { Page } from '@playwright/test';

import { type Site, expect, test } from '../support/test.ts';
import { Wearer, ada } from '../support/wearer.ts';

test('register, sign out, sign in again', async ({ wearer, page }) => {
  await wearer.register(ada);
  expect(await wearer.generation()).toBe(0);
  await wearer.open('/devices');
  await wearer.signOut();
  await wearer.expectSignedOut();
  // Who leaves on purpose leaves no way back for the next one.
  expect(new URL(page.url()).searchParams.get('next')).toBeNull();
  await wearer.signIn(ada);
  await wearer.callApi();
});

test('a wrong password and an unknown address are told in the same words', async ({ wearer, page }) => {
  await wearer.register(ada);
  await wearer.signOut();
  await wearer.expectSignedOut();
  const told: (string | null)[] = [];
  for (const wrong of [{ ...ada, password: 'eight doors, no desk' }, { ...ada, email: 'nobody@lanyard.test' }]) {
    await wearer.openForm('/sign-in');
    await wearer.submitSignIn(wrong);
    const alert = page.getByRole('alert').filter({ hasText: /wrong/i });
    await expect(alert).toBeVisible();
    told.push(await alert.textContent());
    await expect(page.getByLabel('Email', { exact: true })).toHaveValue(wrong.email);
  }
  expect(told[0]).toBe(told[1]);
});

test('an address that has an account is refused, and what was typed stays', async ({ wearer, page, newContext, site }) => {
  await wearer.register(ada);
  const other = new Wearer(await (await newContext()).newPage(), site);
  // The form is longer than what can be seen of it.
  await other.page.setViewportSize({ width: 360, height: 480 });
  await other.openForm('/register');
  await other.submitRegister({ name: 'Somebody', email: ada.email, password: 'three lamps, two chairs' });
  await expect(other.page.getByRole('alert').filter({ hasText: /account/i })).toBeInViewport();
  await expect(other.page.getByLabel('Name', { exact: true })).toHaveValue('Somebody');
  await wearer.expectSignedIn(ada);
  expect(page.url()).toContain('/dashboard');
});

test('the way to a protected page leads through sign-in and back', async ({ wearer, page }) => {
  await wearer.register(ada);
  await wearer.signOut();
  await wearer.expectSignedOut();
  await wearer.open('/dashboard');
  await expect(page).toHaveURL(/\/sign-in\?next=%2Fdashboard/);
  await wearer.submitSignIn(ada);
  await expect(page).toHaveURL(/\/dashboard$/);
  await wearer.expectSignedIn(ada);
});

test('nobody is sent to another site after signing in', async ({ wearer, page, site }) => {
  await wearer.register(ada);
  await wearer.signOut();
  await wearer.expectSignedOut();
  for (const next of ['//evil.test/', '/\\evil.test/', 'https://evil.test/', 'javascript:alert(1)']) {
    await wearer.openForm(`/sign-in?next=${encodeURIComponent(next)}`);
    await wearer.submitSignIn(ada);
    await wearer.expectSignedIn(ada);
    expect(new URL(page.url()).origin).toBe(site.url);
  }
});

test('signing in needs no mouse', async ({ wearer, page }) => {
  await wearer.register(ada);
  await wearer.signOut();
  await wearer.expectSignedOut();
  await wearer.openForm('/sign-in');
  const email = page.getByLabel('Email', { exact: true });
  const password = page.getByLabel('Password', { exact: true });
  const tabTo = async (target: typeof email, key = 'Tab') => {
    for (let presses = 0; presses < 20; presses += 1) {
      if (await target.evaluate((element) => element === document.activeElement)) return;
      await page.keyboard.press(key);
    }
    await expect(target, 'reached by keyboard').toBeFocused();
  };
  await tabTo(email);
  await page.keyboard.type(ada.email);
  await tabTo(password);
  await page.keyboard.type(ada.password);
  await page.keyboard.press('Enter');
  await wearer.expectSignedIn(ada);
  await tabTo(page.getByRole('button', { name: 'Leave it' }));
  // Backwards: past the last element the browser's own buttons would come, and the page would lose the keyboard.
  await tabTo(page.getByRole('button', { name: 'Sign out' }), 'Shift+Tab');
  await page.keyboard.press('Enter');
  await wearer.expectSignedOut();
});

/** Everything that plain forms can do; nothing here needs a script. */
async function byPlainForms({ page, site, wearer, open }: {
  page: Page; site: Site; wearer: Wearer; open: (path: string) => Promise<unknown>;
}): Promise<void> {
  await open('/register');
  await wearer.submitRegister(ada);
  await expect(page).toHaveURL(`${site.url}/dashboard`);
  await expect(page.getByRole('heading', { name: 'Welcome back' }), 'its frame, without a badge').toBeVisible();

  await wearer.signOut();
  await wearer.expectSignedOut();
  await open('/dashboard');
  await expect(page).toHaveURL(/\/sign-in\?next=%2Fdashboard/);

  await wearer.submitSignIn({ ...ada, password: 'eight doors, no desk' });
  await expect(page.getByRole('alert').filter({ hasText: /wrong/i })).toBeVisible();
  expect(page.url(), 'nothing that was typed gets into an address').not.toContain('doors');

  await wearer.submitSignIn(ada);
  await expect(page).toHaveURL(`${site.url}/dashboard`);
  await expect(page.getByRole('banner').getByRole('button', { name: 'Sign out' })).toBeVisible();
}

test('before the WASM is there, plain forms do', async ({ page, site, wearer, problems }) => {
  const rule = site.proxy.trouble('/pkg/lanyard_bg.wasm', { kind: 'hold' });
  const open = (path: string) => page.goto(site.url + path, { waitUntil: 'commit' });
  await byPlainForms({ page, site, wearer, open });
  // Each page was left while its WASM was held up, and Firefox tells a page of that.
  problems.splice(0, Infinity, ...problems.filter((problem) => !problem.includes('NetworkError')));
  rule.end();
  await wearer.expectSignedIn(ada);
});

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false });
  test.skip(({ browserName }) => browserName === 'firefox', 'WebDriver BiDi can’t switch it off in Firefox');

  test('plain forms do', async ({ page, site, wearer }) => {
    await byPlainForms({ page, site, wearer, open: (path) => wearer.open(path) });
  });
});
