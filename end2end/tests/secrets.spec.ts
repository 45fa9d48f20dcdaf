// Where tokens are not: in storage, in scripts' reach, in HTML, in addresses, in the database, in the logs.

import type { Page } from '@playwright/test';

import type { Exchange } from '../support/proxy.ts';
import { expect, test } from '../support/test.ts';
import { HINT, REFRESH, handedOut, hintOf, setCookie } from '../support/tokens.ts';
import { ada } from '../support/wearer.ts';

const ANY_JWT = /eyJ[\w-]{10,}\.eyJ[\w-]{10,}\./;
const ANY_REFRESH_TOKEN = /lrt1_[\w-]{20,}/;

/** Everything that a script of the page can read without asking the application. */
function withinReach(page: Page): Promise<string> {
  return page.evaluate(async () => {
    const databases = await Promise.all((await indexedDB.databases()).map(({ name }) => new Promise((resolve, reject) => {
      const opening = indexedDB.open(name ?? '');
      opening.onerror = () => reject(opening.error);
      opening.onsuccess = () => {
        const stores = [...opening.result.objectStoreNames];
        const reads = stores.map((store) => new Promise((done) => {
          const all = opening.result.transaction(store).objectStore(store).getAll();
          all.onsuccess = () => done(all.result);
        }));
        resolve(Promise.all(reads));
      };
    })));
    const caches = await Promise.all((await self.caches.keys()).map(async (name) => {
      const requests = await (await self.caches.open(name)).keys();
      return [name, requests.map(({ url }) => url)];
    }));
    const cookies = 'cookieStore' in window ? await (window.cookieStore as { getAll(): Promise<unknown> }).getAll() : [];
    return JSON.stringify([
      { ...localStorage }, { ...sessionStorage }, databases, caches, document.cookie, cookies, window.name,
      history.state, location.href, document.documentElement.outerHTML,
      performance.getEntries().map(({ name }) => name),
    ]);
  });
}

/** The access and refresh tokens that this test's browser was ever given. */
function tokens(log: Exchange[]): { access: string[]; refresh: NonNullable<ReturnType<typeof handedOut>>[] } {
  const answers = log.filter(({ path, status }) => path.startsWith('/auth/') && status === 200);
  return {
    access: answers.map(({ gotBody }): string => JSON.parse(gotBody).access_token),
    refresh: answers.map(handedOut).filter((token) => token !== undefined),
  };
}

test('tokens are in no storage, no script’s reach, no HTML and no address', async ({ wearer, page, context, site }) => {
  await wearer.register(ada);
  await wearer.callApi();
  await wearer.renew();
  const { access, refresh } = tokens(site.proxy.log);
  expect(access.length).toBeGreaterThanOrEqual(2);
  expect(refresh.length).toBeGreaterThanOrEqual(1);

  const pages = [await withinReach(page)];
  for (const path of ['/', '/sign-in', '/register', '/dashboard']) {
    pages.push(await (await context.request.get(site.url + path)).text());
  }
  pages.push(...site.proxy.log.map(({ path }) => path));
  for (const text of pages) {
    for (const secret of [...access, ...refresh.map(({ text }) => text), ada.password]) {
      expect(text.includes(secret), 'a secret lies about').toBe(false);
    }
    expect(text).not.toMatch(ANY_JWT);
    expect(text).not.toMatch(ANY_REFRESH_TOKEN);
  }
  expect(pages[0], 'the hint is the one cookie that scripts see').toContain(HINT);
  expect(pages[0]).not.toContain(REFRESH);
});

test('the cookies have exactly the attributes that they should', async ({ wearer, page, context, site, lifetimes }) => {
  await wearer.register(ada);
  const [registered] = site.proxy.seen('/auth/register');
  const refresh = setCookie(registered!, REFRESH)!;
  const hint = setCookie(registered!, HINT)!;
  const most = lifetimes.absolute + 7 * 24 * 3600;
  for (const { attributes } of [refresh, hint]) {
    const age = Number(attributes.get('max-age'));
    expect(age).toBeGreaterThan(lifetimes.absolute);
    expect(age).toBeLessThanOrEqual(most);
    attributes.delete('max-age');
  }
  expect(Object.fromEntries(refresh.attributes)).toEqual({ httponly: '', secure: '', samesite: 'Strict', path: '/auth' });
  expect(Object.fromEntries(hint.attributes)).toEqual({ secure: '', samesite: 'Lax', path: '/' });
  expect(hint.value).toBe(hintOf(handedOut(registered!)!));

  const kept = await context.cookies([`${site.url}/auth/refresh`]);
  expect(kept.map(({ name }) => name).sort()).toEqual([HINT, REFRESH]);
  expect(kept.find(({ name }) => name === REFRESH)).toMatchObject({ httpOnly: true, secure: true, sameSite: 'Strict', path: '/auth' });
  expect(await page.evaluate(() => document.cookie)).toBe(`${HINT}=${hint.value}`);

  await wearer.signOut();
  await wearer.expectSignedOut();
  await expect.poll(() => context.cookies([`${site.url}/auth/refresh`])).toEqual([]);
});

test('the refresh cookie is sent to /auth and nowhere else', async ({ wearer, page, site }) => {
  await wearer.register(ada);
  await wearer.callApi();
  await page.reload();
  await wearer.expectSignedIn(ada);
  const carried = site.proxy.log.filter(({ sent }) => sent.cookie?.includes(REFRESH)).map(({ path }) => path);
  expect(carried.length).toBeGreaterThan(0);
  expect(carried.filter((path) => !path.startsWith('/auth/'))).toEqual([]);
});

test('the database and the logs hold no token and no password', async ({ wearer, page, site }) => {
  await wearer.register(ada);
  await wearer.callApi();
  await wearer.renew();
  await wearer.signOut();
  await wearer.expectSignedOut();
  await wearer.open('/sign-in');
  await wearer.submitSignIn({ ...ada, password: 'a wrong one, but a secret too' });
  await expect(page.getByRole('alert').filter({ hasText: /wrong/i })).toBeVisible();
  await wearer.signIn(ada);

  const { access, refresh } = tokens(site.proxy.log);
  const texts = [ada.password, 'a wrong one, but a secret too', ...access, ...refresh.map(({ text }) => text)];
  const raw = refresh.map(({ secret }) => secret);
  const secrets = [...texts, ...raw, ...raw.map((secret) => secret.toString('hex'))];
  await site.server.stop();
  const files = await site.server.files();
  expect([...files.keys()].join(' ')).toMatch(/sqlite|\.db/);
  files.set('the logs', Buffer.from(site.server.logs));
  for (const [name, content] of files) {
    for (const secret of secrets) expect(content.includes(secret), `a secret lies in ${name}`).toBe(false);
    expect(content.toString('latin1'), name).not.toMatch(ANY_JWT);
    expect(content.toString('latin1'), name).not.toMatch(ANY_REFRESH_TOKEN);
  }
});
