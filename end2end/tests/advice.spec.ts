// How good a password is, told while it is chosen.

import { expect, test } from '../support/test.ts';
import { ada, joan } from '../support/wearer.ts';

test('advice comes as one types, from a module that nobody loads who needs none', async ({ wearer, page }) => {
  const loaded: string[] = [];
  page.on('request', (request) => {
    if (/advice/.test(request.url())) loaded.push(request.url());
  });
  await wearer.openForm('/register');
  await page.getByLabel('Name', { exact: true }).fill('Ada Lovelace');
  await page.getByLabel('Email', { exact: true }).fill('ada.lovelace@lanyard.test');
  expect(loaded).toEqual([]);
  const field = page.getByLabel('Password', { exact: true });
  const told = page.getByRole('status').filter({ hasText: /./ });
  await field.fill('adalovelace');
  await expect(told).toContainText('Easy to guess, so it would be refused.');
  await field.fill('three lamps, two chairs');
  await expect(told).toHaveText('Very good.');
  await field.fill('');
  await expect(told).toHaveCount(0);
  // Its script and its WASM, once.
  expect(loaded).toHaveLength(2);
});

test('a new password is judged by what everybody knows of the person', async ({ wearer, page }) => {
  await wearer.register({ ...ada, name: 'Augusta Byron' });
  await wearer.open('/account');
  const field = page.getByLabel('New password', { exact: true });
  const told = page.getByRole('status').filter({ hasText: /guess|will do|good/i });
  await field.fill('augustabyron');
  await expect(told).toContainText('Easy to guess');
});

test('without advice a password can be chosen all the same', async ({ wearer, page }) => {
  await page.route(/advice/, (route) => route.abort());
  await wearer.register(ada);
  await wearer.callApi();
});

test('an administrator who makes an account is advised on its password too', async ({ wearer, page, site }) => {
  await site.server.makeAdmin(joan);
  await wearer.signIn(joan);
  await wearer.openAdmin('/admin/users');
  await page.getByText('Make an account').click();
  await page.getByLabel('Name', { exact: true }).fill('Augusta Byron');
  await page.getByLabel('Email', { exact: true }).fill('countess@lanyard.test');
  const field = page.getByLabel('Password', { exact: true });
  const told = page.getByRole('status').filter({ hasText: /guess|will do|good/i });
  for (const known of ['augustabyron', 'countess@lanyard.test']) {
    await field.fill(known);
    await expect(told).toContainText('Easy to guess');
  }
  await field.fill('three lamps, two chairs');
  await expect(told).toHaveText('Very good.');
});
