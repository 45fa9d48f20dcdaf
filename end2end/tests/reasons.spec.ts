// What the sign-in page says of a session that is over, and of a form that was refused: only what is so, and while it is.

import type { Page } from '@playwright/test';

import { expect, test } from '../support/test.ts';
import { Wearer, ada } from '../support/wearer.ts';

test.use({ lifetimes: { access: 600, retryWindow: 3, settle: 5, idle: 3600, absolute: 7200 } });

const box = (page: Page, text: string) => page.locator('.notice').filter({ hasText: text });

test('a link can’t say why a session ended', async ({ wearer, page }) => {
  for (const ended of ['token_reused', 'kicked_out', 'password_changed']) {
    await wearer.openForm(`/sign-in?ended=${ended}`);
    await expect(page.locator('.notice')).toHaveCount(0);
  }
});

test('why a session ended is said once more after a reload, and to nobody else', async ({ wearer, page, site, newTab }) => {
  await wearer.register(ada);
  await site.server.command(['sessions', 'end', '--user', ada.email]);
  await page.getByRole('button', { name: 'Call the API' }).click();
  await wearer.expectSentToSignIn(/Your session was ended/);
  expect(new URL(page.url()).search).toBe('?next=%2Fdashboard');
  await page.reload();
  await wearer.expectSentToSignIn(/Your session was ended/);
  const other = await newTab();
  await other.openForm('/sign-in?next=%2Fdashboard');
  await expect(other.page.locator('.notice')).toHaveCount(0);
  await wearer.comeToFront();
  await wearer.submitSignIn(ada);
  await wearer.expectSignedIn(ada);
  await wearer.signOut();
  await page.reload();
  await expect(page.getByRole('button', { name: 'Show password' })).toBeVisible();
  await expect(page.locator('.notice')).toHaveCount(0);
});

test('who signs out on purpose is told so calmly', async ({ wearer, page }) => {
  await wearer.register(ada);
  await wearer.signOut();
  await expect(box(page, 'You are signed out.')).toHaveClass('notice');
});

test('signing out everywhere is told as one’s own doing, here and there', async ({ wearer, page, newContext, newTab, site }) => {
  await wearer.register(ada);
  const there = new Wearer(await (await newContext()).newPage(), site);
  await there.signIn(ada);
  const tab = await newTab();
  await tab.open('/devices');
  await wearer.openDevices();
  await page.getByRole('button', { name: 'Sign out everywhere' }).click();
  await page.getByRole('group').getByRole('button', { name: 'Sign out everywhere' }).click();
  await wearer.expectSentToSignIn(/You are signed out\./);
  await tab.comeToFront();
  await tab.expectSentToSignIn(/You are signed out\./);
  await there.comeToFront();
  await there.page.getByRole('button', { name: 'Call the API' }).click();
  await there.expectSentToSignIn(/You ended this session from another device/);
});

test('a refusal goes out of sight while one types, nothing moves, and the fields at fault say so', async ({ wearer, page }) => {
  await wearer.register(ada);
  await wearer.signOut();
  await wearer.openForm('/sign-in');
  const [email, password] = [page.getByLabel('Email'), page.getByLabel('Password', { exact: true })];
  await expect(password).not.toHaveAttribute('aria-invalid');
  const told = page.getByText('The email address or the password is wrong.');
  await email.fill(ada.email);
  for (const guess of ['seven desks, one door', 'eight desks, no door']) {
    await password.fill(guess);
    await password.press('Enter');
    await expect(told).toBeVisible();
    for (const field of [email, password]) {
      await expect(field).toHaveAttribute('aria-invalid', 'true');
      await expect(field).toHaveAccessibleDescription(/The email address or the password is wrong\./);
    }
    await expect(password).toBeFocused();
    const before = await password.boundingBox();
    await password.press('End');
    await password.press('x');
    await expect(told).toBeHidden();
    await expect(password).not.toHaveAttribute('aria-invalid');
    await expect(password).not.toHaveAttribute('aria-describedby');
    expect(await password.boundingBox()).toEqual(before);
  }
});

test('each form says which field it is about', async ({ wearer, page }) => {
  await wearer.register(ada);
  await wearer.openAccount(ada);
  await wearer.changePassword('eight doors, no desk', 'seven lamps, one door');
  await expect(page.getByLabel('Current password', { exact: true })).toHaveAccessibleDescription('The current password is wrong.');
  await wearer.changePassword(ada.password, 'password1');
  const fresh = page.getByLabel('New password', { exact: true });
  await expect(fresh).toHaveAccessibleDescription(/easy to guess.*At least 8 characters/);
  await expect(fresh).toHaveAttribute('aria-invalid', 'true');
  await expect(page.getByLabel('Current password', { exact: true })).not.toHaveAttribute('aria-invalid');
  await wearer.signOut();
  await wearer.openForm('/register');
  await wearer.submitRegister(ada);
  await expect(page.getByLabel('Email')).toHaveAttribute('aria-invalid', 'true');
  await expect(page.getByLabel('Email')).toHaveAccessibleDescription('This email address has an account already.');
});

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false });
  test.skip(({ browserName }) => browserName === 'firefox', 'WebDriver BiDi can’t turn it off');

  test('the fields at fault say so too', async ({ page, site }) => {
    await page.goto(`${site.url}/sign-in`);
    await page.getByLabel('Email').fill(ada.email);
    await page.getByLabel('Password', { exact: true }).fill('seven desks, one door');
    await page.getByRole('main').getByRole('button', { name: 'Sign in' }).click();
    await expect(page.getByLabel('Password', { exact: true })).toHaveAttribute('aria-invalid', 'true');
    await expect(page.getByLabel('Email')).toHaveAccessibleDescription('The email address or the password is wrong.');
  });
});
