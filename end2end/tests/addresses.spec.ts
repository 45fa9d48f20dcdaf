// What stands in an address: it is read as it was written, on every way there is, and leads nowhere else.

import type { Page } from '@playwright/test';

import { expect, test } from '../support/test.ts';
import { ada, joan } from '../support/wearer.ts';

test.use({ lifetimes: { access: 600, retryWindow: 3, settle: 5, idle: 3600, absolute: 7200 } });

/** Each holds something that means something else in addresses, or once it is decoded. */
const ODD = ['a&b=c#d', 'percent %41', '1+1 %2B', '100%', '%25', '%zz %', 'a//', '?#/', 'é ü', '%c3%a9', '\\', "'\"<>"];

const searched = (page: Page) => page.getByRole('searchbox', { name: 'Search' });

test('a search is searched for as it was typed, and after a reload and on the way back', async ({ wearer, page, site }) => {
  test.slow();
  await site.server.makeAdmin(joan);
  await wearer.openForm('/sign-in?next=%2Fadmin%2Fusers');
  await wearer.submitSignIn(joan);
  const asked = () => new URL(site.url + site.proxy.seen('/api/admin/users', 'GET').at(-1)!.path).searchParams.get('search');
  await expect(page.getByRole('heading', { name: 'Everybody' })).toBeVisible();
  for (const odd of ODD) {
    await searched(page).fill(odd);
    await searched(page).press('Enter');
    await expect.poll(asked, odd).toBe(odd);
    expect(new URL(page.url()).searchParams.get('search')).toBe(odd);
  }
  await page.reload();
  await expect(searched(page)).toHaveValue(ODD.at(-1)!);
  await expect.poll(asked).toBe(ODD.at(-1)!);
  await page.goBack();
  await expect(searched(page)).toHaveValue(ODD.at(-2)!);
  await expect.poll(asked).toBe(ODD.at(-2)!);
});

test('who signs in lands on the address that was wanted, to the letter', async ({ wearer, page, site }) => {
  test.slow();
  await site.server.makeAdmin(joan);
  for (const odd of ['a&b=c#d', 'percent %41', '1+1 %2B', 'a//']) {
    // As encoded as can be, and as little.
    for (const search of [`?search=${encodeURIComponent(odd)}`, `?x=//&search=${encodeURIComponent(odd).replaceAll('%2F', '/')}`]) {
      const wanted = `/admin/users${search}#people`;
      await wearer.openForm(wanted);
      await expect(page).toHaveURL(/\/sign-in\?/);
      await wearer.submitSignIn(joan);
      await expect(searched(page)).toHaveValue(odd);
      expect(page.url()).toBe(site.url + wanted);
      await wearer.signOut();
      await wearer.expectSignedOut();
    }
  }
});

test('whoever makes an account on the way lands there too, with the fragment', async ({ wearer, page, site }) => {
  await wearer.openForm('/devices?a=%2541#other-devices');
  await wearer.main.getByRole('link', { name: 'Create one' }).click();
  await expect(page).toHaveURL(/\/register\?/);
  await wearer.submitRegister(ada);
  await expect(wearer.thisDevice).toBeVisible();
  expect(page.url()).toBe(`${site.url}/devices?a=%2541#other-devices`);
});

test('a session that ends leads back to the address with its fragment', async ({ wearer, page, site }) => {
  await wearer.register(ada);
  await wearer.open('/account?a=b%26c#your-password');
  await expect(page.getByLabel('Name', { exact: true })).toHaveValue(ada.name);
  await site.server.command(['sessions', 'end', '--user', ada.email]);
  await page.getByLabel('Name', { exact: true }).fill('Countess');
  await page.keyboard.press('Enter');
  await wearer.expectSentToSignIn(/Your session was ended/);
  await wearer.submitSignIn(ada);
  await expect(page.getByLabel('Name', { exact: true })).toHaveValue(ada.name);
  expect(page.url()).toBe(`${site.url}/account?a=b%26c#your-password`);
});

/** Addresses that lead elsewhere, or to what is no page; several of them broke the router. */
const HOSTILE = [
  '/.//evil.example', '/..//evil.example', '/%2e//evil.example', '/a/..//evil.example', '/\\evil.example', '/\t/evil.example',
  '//evil.example', 'https://evil.example', 'javascript:alert(1)', '/api/me', '/auth/logout', '/favicon.svg', '/sign-in', '/register',
  `/${'a'.repeat(5000)}`,
];

test('no other address is followed after signing in', async ({ wearer, page, site }) => {
  test.slow();
  await site.server.makeAdmin(joan);
  for (const hostile of HOSTILE) {
    await wearer.openForm(`/sign-in?next=${encodeURIComponent(hostile)}`);
    await wearer.submitSignIn(joan);
    await wearer.expectSignedIn(joan);
    expect(page.url(), hostile.slice(0, 40)).toBe(`${site.url}/dashboard`);
    await wearer.signOut();
    await wearer.expectSignedOut();
  }
});

test('nor by whoever is signed in already, and odd paths of this site are followed as they are', async ({ wearer, page, site }) => {
  await wearer.register(ada);
  const goOn = async (next: string) => {
    await wearer.openForm(`/sign-in?next=${encodeURIComponent(next)}`);
    await expect(page.getByText(`As ${ada.name}`)).toBeVisible();
    await wearer.main.getByRole('link', { name: 'Continue' }).click();
  };
  for (const hostile of ['/.//evil.example', '//evil.example']) {
    await goOn(hostile);
    await expect(page).toHaveURL(`${site.url}/dashboard`);
  }
  // The router decodes the path of a link, and what then comes of these names another host.
  for (const odd of ['/%5Cevil', '/%09/evil', '/a%2541', '/%2F%2Fevil', '/caf%C3%A9?a=b#c']) {
    await goOn(odd);
    const restored = site.proxy.seen('/auth/refresh').length;
    await expect(page.getByRole('heading', { name: 'No door here' })).toBeVisible();
    expect(page.url()).toBe(site.url + odd);
    // Nothing was loaded anew: the badge is where it was.
    await wearer.main.getByRole('link', { name: 'To the home page' }).click();
    await expect(page.getByText('the badge beside this is your own')).toBeVisible();
    expect(site.proxy.seen('/auth/refresh')).toHaveLength(restored);
  }
});

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false });
  test.skip(({ browserName }) => browserName === 'firefox', 'WebDriver BiDi can’t turn it off');

  test('the wanted address is kept as well', async ({ wearer, page, site }) => {
    await site.server.makeAdmin(joan);
    for (const [wanted, leadsTo] of [
      ['/admin/users?search=a%26b%3Dc%23d', '/admin/users?search=a%26b%3Dc%23d'],
      ['/admin/users?search=percent+%2541', '/admin/users?search=percent+%2541'],
      ['/sign-in?next=%2F.%2F%2Fevil.example', '/dashboard'],
    ] as const) {
      await page.goto(site.url + wanted);
      await page.getByLabel('Email').fill(joan.email);
      await page.getByLabel('Password', { exact: true }).fill(joan.password);
      await page.getByRole('main').getByRole('button', { name: 'Sign in' }).click();
      await expect(page).toHaveURL(site.url + leadsTo);
      await wearer.signOut();
      await expect(page).toHaveURL(`${site.url}/`);
    }
  });
});
