// How the WASM arrives, late, broken or not at all; what was typed before; and answers that come in half.

import type { Page } from '@playwright/test';

import type { Rule } from '../support/proxy.ts';
import { type Site, expect, test } from '../support/test.ts';
import { HINT } from '../support/tokens.ts';
import { ada, grace } from '../support/wearer.ts';

const WASM = '/pkg/lanyard_bg.wasm';
const SCRIPT = '/pkg/lanyard.js';

const notice = (page: Page) => page.getByRole('alert').filter({ hasText: /reload the page/ });

test('the WASM and its script are loaded once, and before the style sheet', async ({ page, wearer, site }) => {
  await wearer.openForm('/sign-in');
  expect(site.proxy.seen(WASM, 'GET')).toHaveLength(1);
  expect(site.proxy.seen(SCRIPT, 'GET')).toHaveLength(1);
  const head = await page.evaluate(() => [...document.head.querySelectorAll('script, link, meta[charset]')].map((it) => it.localName));
  expect(head.slice(0, 3)).toEqual(['meta', 'script', 'link']);
});

/** Whatever is in the way of the WASM or its script. */
const obstacles: Record<string, (site: Site, times?: number) => Rule> = {
  'the WASM is not there': ({ proxy }, times) => proxy.trouble(WASM, { kind: 'answer', status: 404, type: 'text/plain', body: 'none' }, times),
  'the WASM is something else': ({ proxy }, times) =>
    proxy.trouble(WASM, { kind: 'answer', status: 200, type: 'text/html', body: '<h1>Please sign in to this network</h1>' }, times),
  'the WASM is cut off': ({ proxy }, times) =>
    proxy.trouble(WASM, { kind: 'answer', status: 200, type: 'application/wasm', body: '\0asm\x01\0\0\0\x01' }, times),
  'the connection breaks': ({ proxy }, times) => proxy.trouble(WASM, { kind: 'refuse' }, times),
  'the script is not there': ({ proxy }, times) => proxy.trouble(SCRIPT, { kind: 'answer', status: 404, type: 'text/plain', body: 'none' }, times),
  'the script is something else': ({ proxy }, times) =>
    proxy.trouble(SCRIPT, { kind: 'answer', status: 200, type: 'text/html', body: '<h1>Please sign in to this network</h1>' }, times),
};

for (const [what, block] of Object.entries(obstacles)) {
  test(`where ${what}, the page says to reload it`, async ({ page, wearer, site, missing, problems }) => {
    missing.add(WASM).add(SCRIPT);
    const rule = block(site);
    await wearer.open('/register');
    await wearer.submitRegister(ada);
    for (const path of ['/dashboard', '/', '/sign-in']) {
      if (path !== '/dashboard') await wearer.open(path);
      await expect(notice(page), path).toBeVisible();
      await expect(page.locator('body'), path).not.toContainText('One moment');
      await expect(page.getByRole('alert').filter({ hasText: 'JavaScript' }), path).toHaveCount(0);
      await expect(page.locator('[aria-busy]'), path).toHaveCount(0);
    }
    rule.end();
    await wearer.open('/dashboard');
    await wearer.expectSignedIn(ada);
    // What browsers say of modules that are none.
    problems.splice(0, Infinity, ...problems.filter((problem) => !/module|MIME|[Ll]oading failed|disallowed/.test(problem)));
  });

  test(`where ${what} only once, nobody notices`, async ({ page, wearer, site, missing, problems }) => {
    missing.add(WASM).add(SCRIPT);
    const { path, trouble } = block(site, 1);
    await wearer.open('/sign-in');
    await expect(page.getByRole('button', { name: 'Show password' })).toBeVisible();
    await expect(notice(page)).toHaveCount(0);
    // Firefox asks again by itself where a connection breaks.
    if (trouble.kind !== 'refuse') expect(site.proxy.seen(path, 'GET').length).toBeLessThan(4);
    problems.splice(0, Infinity, ...problems.filter((problem) => !/module|MIME|[Ll]oading failed|disallowed/.test(problem)));
  });
}

test('the button loads all of it anew, whatever was kept', async ({ page, wearer, site, problems }) => {
  const rule = site.proxy.trouble(WASM, { kind: 'answer', status: 200, type: 'text/html', body: 'none of ours' });
  await wearer.open('/sign-in');
  await expect(notice(page)).toBeVisible();
  rule.end();
  await page.getByRole('button', { name: 'Reload' }).click();
  await expect(page.getByRole('button', { name: 'Show password' })).toBeVisible();
  await expect(notice(page)).toHaveCount(0);
  expect(problems).toEqual([]);
});

test('whatever its type is called, the WASM runs', async ({ page, wearer }) => {
  await page.route('**/lanyard_bg.wasm*', async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, headers: { ...answer.headers(), 'content-type': 'application/octet-stream' } });
  });
  await wearer.register(ada);
});

test('a page that is late says so, and comes to life all the same', async ({ page, wearer, site, problems }) => {
  const rule = site.proxy.trouble(WASM, { kind: 'hold' });
  await page.goto(`${site.url}/register`, { waitUntil: 'commit' });
  await wearer.submitRegister(ada);
  await expect(page).toHaveURL(/dashboard/);
  await expect(notice(page)).toContainText('still on its way', { timeout: 15_000 });
  rule.end();
  await wearer.expectSignedIn(ada);
  await expect(notice(page)).toHaveCount(0);
  problems.splice(0, Infinity, ...problems.filter((problem) => !problem.includes('NetworkError')));
});

test('where something blocks the scripts of the page, it says so', async ({ page, wearer, problems }) => {
  await page.route('**/sign-in', async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, headers: { ...answer.headers(), 'content-security-policy': "script-src 'none'" } });
  });
  await wearer.open('/sign-in');
  await expect(page.getByRole('alert').filter({ hasText: 'No script of this page runs here' })).toBeVisible({ timeout: 15_000 });
  expect(problems.splice(0, Infinity).join('\n')).toContain('script-src');
});

test('a browser without WebAssembly is told so', async ({ page, wearer }) => {
  await page.addInitScript(() => { delete (globalThis as { WebAssembly?: unknown }).WebAssembly; });
  await wearer.open('/sign-in');
  await expect(page.getByRole('alert').filter({ hasText: 'runs no WebAssembly' })).toBeVisible();
  await expect(page.locator('body')).not.toContainText('JavaScript');
});

test('a password that was typed before is judged at once', async ({ page, site }) => {
  const rule = site.proxy.trouble(WASM, { kind: 'hold' });
  await page.goto(`${site.url}/register`, { waitUntil: 'commit' });
  await page.getByLabel('Password', { exact: true }).fill('password1');
  rule.end();
  await expect(page.getByRole('status').filter({ hasText: 'Easy to guess' })).toBeVisible();
});

test('a plain form that is refused comes back with what was typed, but for the password', async ({ page, site, wearer, problems }) => {
  await site.server.send('POST', '/auth/register', { body: JSON.stringify(ada), headers: { 'content-type': 'application/json' } });
  const rule = site.proxy.trouble(WASM, { kind: 'hold' });
  await page.goto(`${site.url}/register?next=%2Fdevices`, { waitUntil: 'commit' });
  await wearer.submitRegister({ ...ada, name: 'Ada <b> "Byron" & co' });
  await expect(page).toHaveURL(/error=email_taken/);
  await expect(page.getByLabel('Name', { exact: true })).toHaveValue('Ada <b> "Byron" & co');
  await expect(page.getByLabel('Email', { exact: true })).toHaveValue(ada.email);
  await expect(page.getByLabel('Password', { exact: true })).toHaveValue('');
  expect(page.url()).not.toContain('Ada');
  expect(page.url()).not.toContain('lanyard.test');

  await page.goto(`${site.url}/sign-in`, { waitUntil: 'commit' });
  await expect(page.getByLabel('Email', { exact: true }), 'only where it was refused').toHaveValue('');
  await wearer.submitSignIn({ ...ada, password: 'not this one' });
  await expect(page).toHaveURL(/error=invalid_credentials/);
  await expect(page.getByLabel('Email', { exact: true })).toHaveValue(ada.email);
  await expect(page.getByLabel('Password', { exact: true })).toHaveValue('');
  expect(await page.evaluate(() => JSON.stringify({ ...sessionStorage, ...localStorage }))).not.toContain('not this one');
  rule.end();
  await expect(page.getByRole('button', { name: 'Show password' })).toBeVisible();
  await expect(page.getByLabel('Email', { exact: true }), 'once it lives, too').toHaveValue(ada.email);
  await page.getByLabel('Password', { exact: true }).fill(ada.password);
  await page.getByRole('main').getByRole('button', { name: 'Sign in' }).click();
  await wearer.expectSignedIn(ada);
  problems.splice(0, Infinity, ...problems.filter((problem) => !problem.includes('NetworkError')));
});

for (const path of ['/auth/login', '/auth/register']) {
  test(`half an answer of ${path} is waited for, not told as none`, async ({ page, site, wearer }) => {
    await wearer.register(grace);
    if (path === '/auth/login') {
      await wearer.signOut();
      await wearer.register(ada);
    }
    await wearer.signOut();
    await wearer.openForm(path === '/auth/login' ? '/sign-in' : '/register');
    // The head, and what it sets, arrives; the body does not.
    site.proxy.trouble(path, { kind: 'cut' }, 1);
    const hold = site.proxy.trouble('/auth/refresh', { kind: 'hold' });
    if (path === '/auth/login') await wearer.submitSignIn(ada);
    else await wearer.submitRegister(ada);
    await expect.poll(() => hold.hits, { timeout: 15_000 }).toBeGreaterThan(0);
    await expect(page.getByRole('main')).not.toContainText('You are signed in.');
    await expect(page.getByRole('main')).not.toContainText('not available');
    hold.end();
    await wearer.expectSignedIn(ada);
    expect(site.proxy.seen(path), 'it was asked for once').toHaveLength(path === '/auth/login' ? 1 : 2);
  });
}

test('a sign-in without any answer is told as such', async ({ page, site, wearer }) => {
  await wearer.register(ada);
  await wearer.openForm('/sign-in');
  const rule = site.proxy.trouble('/auth/login', { kind: 'refuse' });
  await wearer.submitSignIn(grace);
  await expect(page.getByRole('alert').filter({ hasText: 'not available' })).toBeVisible();
  await expect(page.getByRole('main'), 'Ada is still here').toContainText('You are signed in.');
  rule.end();
});

test.describe('where the hint cookie alone is gone', () => {
  test('a page that is open ends the session, and does not leave it', async ({ page, context, site, wearer }) => {
    await wearer.register(ada);
    const over = site.proxy.next('/auth/logout');
    await context.clearCookies({ name: HINT });
    await page.evaluate(() => dispatchEvent(new Event('focus')));
    expect((await over).status).toBe(204);
    await wearer.expectSentToSignIn(/signed out/);
    expect((await context.cookies()).map((cookie) => cookie.name), 'the other one goes too').toEqual([]);
  });

  test('so does the next page', async ({ page, context, site, wearer }) => {
    await wearer.register(ada);
    await page.goto('about:blank');
    const over = site.proxy.next('/auth/logout');
    await context.clearCookies({ name: HINT });
    await wearer.open('/');
    expect((await over).status).toBe(204);
    await wearer.expectSignedOut();
    await expect.poll(async () => (await context.cookies()).length).toBe(0);
    await wearer.signIn(ada);
    await wearer.openDevices();
    await expect(wearer.otherDevices).toHaveCount(0);
  });
});

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false });
  test.skip(({ browserName }) => browserName === 'firefox', 'WebDriver BiDi can’t switch it off in Firefox');

  test('a protected page says what it takes, and offers the way out', async ({ page, site, wearer }) => {
    await wearer.open('/register');
    await wearer.submitRegister(ada);
    for (const path of ['/dashboard', '/devices', '/account', '/admin', '/']) {
      await wearer.open(path);
      // By element: texts and roles pass over what is in a noscript.
      await expect(page.locator('noscript p').first(), path).toBeVisible();
      await expect(page.locator('noscript p').first(), path).toContainText('that takes JavaScript and WebAssembly');
      await expect(page.getByText('One moment').filter({ visible: true }), path).toHaveCount(0);
      await expect(page.getByRole('main').getByRole('region'), path).toHaveCount(path === '/' ? 2 : 0);
    }
    await wearer.open('/dashboard');
    await page.locator('noscript button').first().click();
    await expect(page).toHaveURL(`${site.url}/`);
    await wearer.expectSignedOut();
  });
});
