// The server's key is another one than that of the cookies in the browser: whoever held a session is led out of it,
// wherever they are, and no page keeps them.

import { expect, test } from '../support/test.ts';
import { HINT, REFRESH } from '../support/tokens.ts';
import { ada } from '../support/wearer.ts';

test.describe('the master key is lost, and the database is not', () => {
  test.beforeEach(({ unavailable }) => {
    // The key may be another server's.
    unavailable.add('/auth/refresh');
  });

  test('the open page offers to sign in again, and leads back', async ({ wearer, page, site }) => {
    await wearer.register(ada);
    await wearer.openDevices();
    await site.server.lose('master.keys');
    const again = page.getByRole('complementary', { name: 'Connection' }).getByRole('link', { name: 'Sign in again' });
    await expect(again).toBeVisible({ timeout: 40_000 });
    await expect(page).toHaveURL(/\/devices$/);
    expect(site.proxy.seen('/auth/refresh').filter(({ status }) => status === 503).length).toBeGreaterThanOrEqual(3);

    await again.click();
    await expect(page).toHaveURL(/\/sign-in\?next=%2Fdevices$/);
    await expect(page.getByRole('status').filter({ hasText: "can't be taken up again" })).toBeVisible();
    await expect(again).toHaveCount(0);
    await wearer.submitSignIn(ada);
    await expect(page).toHaveURL(/\/devices$/);
    await expect(wearer.thisDevice).toBeVisible();
    await expect(wearer.trouble).toBeHidden();
  });

  test('who put the news away before is offered the way out all the same', async ({ wearer, page, site }) => {
    await wearer.register(ada);
    await site.server.lose('master.keys');
    const news = page.getByRole('complementary', { name: 'Connection' });
    await news.getByRole('button', { name: 'Hide' }).click({ timeout: 20_000 });
    await expect(news).toHaveCSS('opacity', '0');
    await expect(news.getByRole('link', { name: 'Sign in again' })).toBeVisible({ timeout: 40_000 });
    await expect(news).toHaveCSS('opacity', '1');
    // Put away again, it takes the keyboard nowhere that can't be seen.
    await news.getByRole('button', { name: 'Hide' }).click();
    await expect(news.getByRole('link')).toHaveCount(0);
  });

  test('a new tab leads out too: by signing out', async ({ wearer, newTab, context, site }) => {
    await wearer.register(ada);
    await site.server.lose('master.keys');
    const other = await newTab();
    await other.open('/dashboard');
    await expect(other.page.getByRole('link', { name: 'Sign in again' })).toBeVisible({ timeout: 40_000 });
    await other.signOut();
    await other.expectSignedOut();
    await wearer.expectSignedOut();
    await expect.poll(async () => (await context.cookies([`${site.url}/auth/refresh`])).length).toBe(0);
    expect(site.proxy.seen('/auth/logout').map(({ status }) => status)).toEqual([204]);
    await other.signIn(ada);
    await wearer.open('/dashboard');
    await wearer.expectSignedIn(ada);
  });

  test('the sign-in page takes the password at once', async ({ wearer, site }) => {
    await wearer.register(ada);
    await site.server.lose('master.keys');
    await wearer.openForm('/sign-in');
    await wearer.submitSignIn(ada);
    await wearer.expectSignedIn(ada);
    await wearer.callApi();
  });
});

test('the whole data folder is lost: the page says that the session is not known', async ({ wearer, newTab, context, site }) => {
  await wearer.register(ada);
  await site.server.lose('everything');
  await wearer.expectSentToSignIn(/not known here/);
  await expect.poll(async () => (await context.cookies([`${site.url}/auth/refresh`])).length).toBe(0);
  const other = await newTab();
  await other.register(ada);
  await wearer.open('/dashboard');
  await wearer.expectSignedIn(ada);
});

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false });
  test.skip(({ browserName }) => browserName === 'firefox', 'WebDriver BiDi can’t switch it off in Firefox');

  for (const lost of ['master.keys', 'everything'] as const) {
    test(`a plain form signs in, and another signs out, after ${lost} went`, async ({ wearer, page, context, site }) => {
      // The one beside them only shows, for a minute, that the browser keeps cookies.
      const cookies = async () => (await context.cookies([`${site.url}/auth/refresh`]))
        .filter(({ name }) => [REFRESH, HINT].includes(name)).map(({ value }) => value).sort();
      await wearer.open('/register');
      await wearer.submitRegister(ada);
      await expect(page).toHaveURL(/\/dashboard$/);
      await site.server.lose(lost);

      await wearer.open('/dashboard');
      const old = await cookies();
      await wearer.open(lost === 'everything' ? '/register' : '/sign-in');
      if (lost === 'everything') await wearer.submitRegister(ada);
      else await wearer.submitSignIn(ada);
      await expect(page).toHaveURL(/\/dashboard$/);
      expect(await cookies()).toHaveLength(2);
      expect(await cookies()).not.toEqual(old);

      await site.server.lose(lost);
      await wearer.open('/dashboard');
      await wearer.signOut();
      await expect(page).toHaveURL(`${site.url}/`);
      expect(await cookies()).toEqual([]);
      await wearer.expectSignedOut();
    });
  }
});
