// What people call themselves, and what addresses say: shown as it is, and nobody is taken in.

import { expect, test } from '../support/test.ts';
import { type Person, Wearer, joan } from '../support/wearer.ts';

test.use({ lifetimes: { access: 600, retryWindow: 3, settle: 5, idle: 3600, absolute: 7200 } });

const FRESH = { timeout: 15_000 };

const sally: Person = { name: '👩‍🚀 Sally Ride 👨‍👩‍👧', email: 'sally@lanyard.test', password: 'seventh of the shuttles' };
const ahmed: Person = { name: 'أحمد زويل', email: 'ahmed@lanyard.test', password: 'a femtosecond or two' };

test('initials are whole letters, and no emoji is cut in two', async ({ wearer, page }) => {
  await wearer.register(sally);
  await expect(page.locator('.badge .face')).toHaveText('👩‍🚀👨‍👩‍👧');
});

test('a name from right to left keeps to itself, in the title too', async ({ wearer, page }) => {
  await wearer.register(ahmed);
  await expect(page).toHaveTitle('Dashboard, signed in as \u2068أحمد\u2069');
  await expect(page.locator('.badge-who bdi').first()).toHaveText(ahmed.name);
  await expect(page.locator('.badge-who bdi').nth(1)).toHaveText(ahmed.email);
});

test('an address with letters of its owner’s language registers and signs in, however it is typed', async ({ wearer, page, newContext, site }) => {
  const zoe: Person = { name: 'Zoë', email: 'zoë@bücher.example', password: 'été à Paris, à trois' };
  await wearer.register(zoe);
  await expect(page.locator('.badge-who')).toContainText('zoë@xn--bcher-kva.example');
  const other = new Wearer(await (await newContext()).newPage(), site);
  await other.signIn({ ...zoe, email: 'zoe\u0308@BU\u0308CHER.example', password: zoe.password.normalize('NFD') });
  await expect(other.page.locator('.badge-who')).toContainText('Zoë');
});

test('who pastes an invisible character is told so at sign-in', async ({ wearer, page }) => {
  await wearer.openForm('/sign-in');
  await page.getByLabel('Email', { exact: true }).fill('ada\u200b@lanyard.test');
  await page.getByLabel('Password', { exact: true }).fill('whatever it is');
  await page.getByRole('main').getByRole('button', { name: 'Sign in' }).click();
  const told = 'The address holds an invisible character, perhaps from pasting. Type it again.';
  await expect(page.getByRole('alert').filter({ hasText: told })).toBeVisible();
});

test('a password is counted as the server counts it, and nothing of it is cut off', async ({ wearer, page }) => {
  await wearer.openForm('/register');
  const field = page.getByLabel('Password', { exact: true });
  const told = page.getByRole('status').filter({ hasText: /./ });
  await field.fill('e\u0301te\u0301e\u0301');
  await expect(told).toContainText('Too short');
  await field.fill('three lamps, two chairs\u00a0'.normalize('NFD'));
  await expect(told).toHaveText('Very good.');
  await field.fill('é'.repeat(129).normalize('NFD'));
  await expect(told).toContainText('Too long: it takes 128 characters at most.');
  expect(await field.inputValue()).toHaveLength(258);
});

test('the page of sessions is one person’s where its address asks for that', async ({ wearer, newContext, page, site }) => {
  await site.server.makeAdmin(joan);
  const other = new Wearer(await (await newContext()).newPage(), site);
  await other.register(sally);
  await wearer.comeToFront();
  await wearer.signIn(joan);
  await wearer.openAdmin('/admin/users?search=sally');
  const link = page.getByRole('link', { name: sally.name });
  const id = (await link.getAttribute('href'))?.split('/').at(-1);
  await wearer.open(`/admin/sessions?user=${id}`);
  const rows = page.getByRole('row').filter({ has: page.getByRole('cell') });
  await expect(page.getByText('Only those of')).toBeVisible();
  await expect(rows).toHaveCount(1, FRESH);
  await expect(rows).toContainText(sally.email);
  await page.getByRole('link', { name: 'Everybody\'s' }).click();
  await expect(rows).toHaveCount(2, FRESH);
  await wearer.open('/admin/sessions?user=sally');
  await expect(page.getByRole('alert').filter({ hasText: 'no id that anybody could have' })).toBeVisible();
  await expect(rows).toHaveCount(0);
});

test('a first day after the last one is told, and shows nothing', async ({ wearer, page, site }) => {
  await site.server.makeAdmin(joan);
  await wearer.signIn(joan);
  await wearer.open('/admin/audit?from=2027-01-01&until=2026-12-31');
  await expect(page.getByRole('alert').filter({ hasText: 'The first day is after the last one.' })).toBeVisible();
  for (const label of ['From', 'Until, that day included']) {
    await expect(page.getByLabel(label)).toHaveAttribute('aria-invalid', 'true');
  }
  await expect(page.getByText('Nothing is shown until that is clear.')).toBeVisible();
});

test('one’s devices have pages, and this one is on each', async ({ wearer, page, newContext, site }) => {
  await wearer.register(sally);
  for (let i = 0; i < 3; i += 1) {
    await new Wearer(await (await newContext()).newPage(), site).signIn(sally);
  }
  await wearer.comeToFront();
  // Pages of two; the server's own are of fifty.
  await page.addInitScript(() => {
    const ask = window.fetch;
    window.fetch = (input, init) => {
      const request = new Request(input, init);
      const url = new URL(request.url);
      if (url.pathname !== '/api/sessions') return ask(request);
      url.searchParams.set('limit', '2');
      return ask(new Request(url, request));
    };
  });
  const paging = page.getByRole('navigation', { name: 'More of this list' });
  await wearer.openDevices();
  await expect(page.locator('#this-device + .devices .device:not(.blank)')).toHaveCount(1);
  await expect(wearer.otherDevices).toHaveCount(2);
  await expect(page.getByRole('button', { name: 'End all others' })).toBeVisible();
  await paging.getByRole('link', { name: 'More' }).click();
  await expect(page).toHaveURL(/\/devices\?after=/);
  await expect(page.getByRole('heading', { name: 'Other devices' })).toBeFocused();
  await expect(page.locator('#this-device + .devices .device:not(.blank)')).toHaveCount(1);
  await expect(wearer.otherDevices).toHaveCount(1);
  await expect(page.getByText('You are signed in nowhere else.')).toBeHidden();
  await paging.getByRole('link', { name: 'From the beginning' }).click();
  await expect(wearer.otherDevices).toHaveCount(2);
});
