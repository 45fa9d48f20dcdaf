// Coming and going: register, sign in, sign out, by every means a browser has.

import { expect, test } from '../support/test.ts';
import { Wearer, ada } from '../support/wearer.ts';

test('register, sign out, sign in again', async ({ wearer }) => {
  await wearer.register(ada);
  expect(await wearer.generation()).toBe(0);
  await wearer.signOut();
  await wearer.expectSignedOut();
  await wearer.signIn(ada);
  await wearer.callApi();
});

test('a wrong password and an unknown address are told in the same words', async ({ wearer, page }) => {
  await wearer.register(ada);
  await wearer.signOut();
  await wearer.expectSignedOut();
  const told: (string | null)[] = [];
  for (const wrong of [{ ...ada, password: 'eight doors, no desk' }, { ...ada, email: 'nobody@lanyard.test' }]) {
    await wearer.open('/sign-in');
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
  await other.open('/register');
  await other.page.getByLabel('Name', { exact: true }).fill('Somebody');
  await other.page.getByLabel('Email', { exact: true }).fill(ada.email);
  await other.page.getByLabel('Password', { exact: true }).fill('three lamps, two chairs');
  await other.page.getByRole('main').getByRole('button', { name: 'Create account' }).click();
  await expect(other.page.getByRole('alert').filter({ hasText: /account/i })).toBeVisible();
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
    await wearer.open(`/sign-in?next=${encodeURIComponent(next)}`);
    await wearer.submitSignIn(ada);
    await wearer.expectSignedIn(ada);
    expect(new URL(page.url()).origin).toBe(site.url);
  }
});

test('signing in needs no mouse', async ({ wearer, page }) => {
  await wearer.register(ada);
  await wearer.signOut();
  await wearer.expectSignedOut();
  await wearer.open('/sign-in');
  const email = page.getByLabel('Email', { exact: true });
  const password = page.getByLabel('Password', { exact: true });
  const tabTo = async (target: typeof email) => {
    for (let presses = 0; presses < 20; presses += 1) {
      if (await target.evaluate((element) => element === document.activeElement)) return;
      await page.keyboard.press('Tab');
    }
    await expect(target, 'reached with the Tab key').toBeFocused();
  };
  await tabTo(email);
  await page.keyboard.type(ada.email);
  await tabTo(password);
  await page.keyboard.type(ada.password);
  await page.keyboard.press('Enter');
  await wearer.expectSignedIn(ada);
  await tabTo(page.getByRole('button', { name: 'Leave a note' }));
  await tabTo(page.getByRole('button', { name: 'Sign out' }).first());
  await page.keyboard.press('Enter');
  await wearer.expectSignedOut();
});

test.describe('without WebAssembly, by plain forms', () => {
  test.use({ javaScriptEnabled: false });

  test('register, sign out, sign in', async ({ page, site, wearer }) => {
    const main = page.getByRole('main');
    await wearer.open('/register');
    await page.getByLabel('Name', { exact: true }).fill(ada.name);
    await page.getByLabel('Email', { exact: true }).fill(ada.email);
    await page.getByLabel('Password', { exact: true }).fill(ada.password);
    await main.getByRole('button', { name: 'Create account' }).click();
    await expect(page).toHaveURL(`${site.url}/dashboard`);
    await expect(main).toContainText('WebAssembly');

    await wearer.signOut();
    await wearer.expectSignedOut();
    await wearer.open('/dashboard');
    await expect(page).toHaveURL(/\/sign-in\?next=%2Fdashboard/);

    await wearer.submitSignIn({ ...ada, password: 'eight doors, no desk' });
    await expect(page.getByRole('alert').filter({ hasText: /wrong/i })).toBeVisible();
    expect(page.url(), 'nothing that was typed gets into an address').not.toContain('doors');

    await wearer.submitSignIn(ada);
    await expect(page).toHaveURL(`${site.url}/dashboard`);
    await expect(page.getByRole('button', { name: 'Sign out' }).first()).toBeVisible();
  });
});
