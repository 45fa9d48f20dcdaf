// What a person is told of: a sign-in from where he never came from, and what a thief may have done.

import { type Site, expect, lapse, test } from '../support/test.ts';
import { REFRESH, readRefreshToken } from '../support/tokens.ts';
import { type Person, ada } from '../support/wearer.ts';

test.use({ lifetimes: { access: 600, retryWindow: 3, settle: 5, idle: 3600, absolute: 7200 } });

/** What a page may take to show what others did: it asks every ten seconds. */
const FRESH = { timeout: 15_000 };

const SAFARI = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15';

/** Signs in from a browser that was never seen here; returns its refresh token. */
async function signInElsewhere(site: Site, { email, password }: Person): Promise<string> {
  const answer = await site.server.send('POST', '/auth/login', {
    headers: { 'content-type': 'application/json', 'user-agent': SAFARI },
    body: JSON.stringify({ email, password, token_delivery: 'body' }),
  });
  expect(answer.status).toBe(200);
  return JSON.parse(answer.body).refresh_token;
}

async function renew(site: Site, token: string): Promise<{ status: number; error?: string; reason?: string }> {
  const { status, body } = await site.server.send('POST', '/auth/refresh', { headers: { authorization: `Bearer ${token}` } });
  return { status, ...JSON.parse(body) };
}

test('a sign-in from another browser is told, and ended from there', async ({ wearer, page, site }) => {
  await wearer.register(ada);
  await expect(wearer.notices).toHaveCount(0);
  await wearer.openDevices();
  await expect(wearer.notices).toHaveCount(0);
  const token = await signInElsewhere(site, ada);
  const notice = wearer.notices.getByRole('listitem');
  const before = await wearer.thisDevice.boundingBox();
  await expect(wearer.news).toHaveText('1 new notice', FRESH);
  await expect(notice).toHaveCount(0);
  expect(await wearer.thisDevice.boundingBox(), 'nothing moves under whoever reads').toEqual(before);
  await wearer.press(wearer.news);
  await expect(page.getByRole('heading', { name: 'Please look at this' })).toBeFocused();
  await expect(wearer.news).toHaveCount(0);
  await expect(notice).toHaveCount(1);
  await expect(notice.getByRole('heading', { name: 'New sign-in from Safari on' })).toBeVisible();
  await expect(notice).toContainText('127.0.0.*');
  expect((await renew(site, token)).status).toBe(200);

  // By keyboard, as everything.
  await page.getByRole('heading', { level: 1 }).focus();
  await wearer.pressAndConfirm(notice.getByRole('button', { name: 'Sign it out' }).first(), 'Keep it', 'Sign it out');
  await expect(notice.filter({ hasText: 'New sign-in' }).getByText('That session has ended meanwhile.')).toBeVisible();
  await expect(page.getByRole('heading', { name: 'Please look at this' })).toBeFocused();
  expect(await renew(site, token)).toMatchObject({ status: 401, error: 'session_revoked', reason: 'ended_elsewhere' });

  // Its renewal came from what is no browser.
  await wearer.press(wearer.news);
  await expect(notice).toHaveCount(2);
  await wearer.press(wearer.notices.getByRole('button', { name: 'That was me' }));
  await expect(wearer.notices).toHaveCount(0);
  await expect(page.getByRole('heading', { level: 1 })).toBeFocused();
  await page.reload();
  await expect(wearer.thisDevice).toBeVisible();
  await expect(wearer.notices).toHaveCount(0);
});

for (const width of [1280, 360]) {
  test(`the dashboard tells of it too, with each badge, and the badge does not move at ${width} px`, async ({ wearer, page, site }) => {
    await page.setViewportSize({ width, height: 740 });
    await wearer.register(ada);
    // It hangs below the badge, which swings.
    const height = () => page.getByRole('button', { name: 'Renew now' }).evaluate((button) => {
      scrollTo(0, 0);
      return button.getBoundingClientRect().top;
    });
    const before = await height();
    for (let signIn = 0; signIn < 3; signIn++) await signInElsewhere(site, ada);
    await wearer.renew();
    await expect(wearer.news).toBeVisible();
    expect(await height()).toBe(before);
    await wearer.news.click();
    await expect(wearer.notices.getByRole('listitem').first()).toBeVisible();
    expect(await height()).toBe(before);
    await wearer.notices.getByRole('button', { name: 'That was me' }).click();
    await expect(wearer.notices).toHaveCount(0);
    await expect(page.getByRole('heading', { level: 1 })).toBeFocused();
  });
}

test('a new role is told without talk of passwords', async ({ wearer, page, site }) => {
  await wearer.register(ada);
  const role = (role: string) => site.server.command(['user', 'role', ada.email, role]);
  await role('admin');
  await wearer.renew();
  await wearer.news.click();
  const notice = (name: string) => wearer.notices.getByRole('listitem').filter({ has: page.getByRole('heading', { name }) });
  const promoted = notice('You are an administrator now');
  await expect(promoted.getByRole('link')).toHaveText(['Administration']);
  await role('user');
  await wearer.renew();
  await wearer.news.click();
  await expect(notice('You are no administrator any more')).toBeVisible();
  await expect(notice('You are no administrator any more').getByRole('link')).toHaveCount(0);
  // Of a role, the last word counts.
  await expect(promoted).toHaveCount(0);
});

test('equal notices in a row are one, with their number', async ({ wearer, page, site }) => {
  await wearer.register(ada);
  await wearer.signOut();
  const json = { 'content-type': 'application/json', 'user-agent': SAFARI };
  const signedIn = await site.server.send('POST', '/auth/login', {
    headers: json,
    body: JSON.stringify({ email: ada.email, password: ada.password, token_delivery: 'body' }),
  });
  const authorization = `Bearer ${JSON.parse(signedIn.body).access_token}`;
  const passwords = [ada.password, 'seven lamps, one door', 'eight lamps, no door'] as const;
  for (const [before, after] of [[passwords[0], passwords[1]], [passwords[1], passwords[2]]]) {
    const body = JSON.stringify({ current_password: before, new_password: after });
    const { status } = await site.server.send('POST', '/api/account/password', { headers: { ...json, authorization }, body });
    expect(status).toBe(200);
  }
  await wearer.signIn({ ...ada, password: passwords[2] });
  const notices = wearer.notices.getByRole('listitem');
  await expect(notices.filter({ hasText: 'Your password was changed' })).toHaveCount(1);
  await expect(notices.filter({ hasText: 'Your password was changed' })).toContainText('2 times, first');
  await expect(notices.filter({ hasText: 'New sign-in from Safari' })).not.toContainText('times');
  await wearer.notices.getByRole('button', { name: 'That was me' }).click();
  await expect(wearer.notices).toHaveCount(0);
  await page.reload();
  await wearer.expectSignedIn(ada);
  await expect(wearer.notices).toHaveCount(0);
});

test('whose token was used twice learns what that may mean', async ({ wearer, page, context, site, lifetimes }) => {
  await wearer.register(ada);
  const jar = await context.cookies([`${site.url}/auth/refresh`]);
  const stolen = readRefreshToken(jar.find(({ name }) => name === REFRESH)!.value);
  for (const _ of [1, 2]) {
    await lapse(lifetimes.settle + 0.2);
    const asked = site.proxy.next('/api/notices');
    await wearer.renew();
    await asked;
  }
  expect(await renew(site, stolen.text)).toMatchObject({ status: 401, error: 'token_reused' });
  await page.getByRole('button', { name: 'Call the API' }).click();
  await wearer.expectSentToSignIn(/used twice/);
  await wearer.submitSignIn(ada);
  await wearer.expectSignedIn(ada);
  await expect(wearer.notices.getByRole('heading', { name: 'A sign-in token of yours was used twice' })).toBeVisible();
  await expect(wearer.notices.getByRole('button', { name: 'Sign it out' })).toHaveCount(0);
  await wearer.notices.getByRole('link', { name: 'Change the password' }).click();
  await expect(page).toHaveURL(/\/account$/);
  await page.goBack();
  await wearer.notices.getByRole('button', { name: 'I have looked at it' }).click();
  await expect(wearer.notices).toHaveCount(0);
});
