// A network that loses, delays and lies, and a server that goes away: nobody is signed out, and the page says
// what is wrong.

import type { Trouble } from '../support/proxy.ts';
import { expect, lapse, test } from '../support/test.ts';
import { handedOut, shown } from '../support/tokens.ts';
import { ada } from '../support/wearer.ts';

test.describe('the answer of a rotation is lost after the server has committed', () => {
  test('some times: the same successor comes again', async ({ wearer, site }) => {
    await wearer.register(ada);
    // More than once, since Chromium itself repeats a request whose connection broke.
    const rule = site.proxy.trouble('/auth/refresh', { kind: 'lose', which: (exchange) => !!handedOut(exchange) }, 2);
    await expect.poll(() => rule.hits, { timeout: 20_000 }).toBe(2);
    await expect.poll(() => wearer.generation(), { timeout: 20_000 }).toBe(1);
    await wearer.callApi();

    const renewals = site.proxy.seen('/auth/refresh');
    const first = renewals.findIndex(({ by }) => by === 'lost');
    const successors = renewals.slice(first, first + 3);
    expect(successors.map((exchange) => shown(exchange)?.generation)).toEqual([0, 0, 0]);
    expect(new Set(successors.map((exchange) => handedOut(exchange)?.text)).size).toBe(1);
    expect(renewals.map(({ status }) => status).filter((status) => status !== 200)).toEqual([]);
    await wearer.expectSignedIn(ada);
  });

  test('until it has settled: the session goes forward', { tag: '@timing' }, async ({ wearer, site, lifetimes }) => {
    await wearer.register(ada);
    const rotation = site.proxy.next('/auth/refresh', (exchange) => !!handedOut(exchange));
    const rule = site.proxy.trouble('/auth/refresh', { kind: 'lose' });
    await rotation;
    await lapse(lifetimes.settle + 0.5);
    rule.end();
    await expect.poll(() => wearer.generation(), { timeout: 40_000 }).toBeGreaterThanOrEqual(2);
    await wearer.callApi();
    await wearer.expectSignedIn(ada);
    expect(site.proxy.seen('/auth/login')).toEqual([]);
  });
});

for (const how of ['stop', 'kill'] as const) {
  test(`the server restarts in the middle (${how})`, async ({ wearer, site }) => {
    await wearer.register(ada);
    await site.server[how]();
    await site.server.start();
    await wearer.callApi();
    await site.proxy.next('/auth/refresh', ({ status }) => status === 200);
    await wearer.callApi();
    await wearer.expectSignedIn(ada);
    expect(site.proxy.seen('/auth/login')).toEqual([]);
  });
}

test('the server is away for a while, and the page says so', { tag: '@timing' }, async ({ wearer, page, site }) => {
  test.setTimeout(120_000);
  await wearer.register(ada);
  site.proxy.leave();
  await site.server.stop();
  await expect(wearer.trouble).toBeVisible({ timeout: 15_000 });
  await lapse(15);
  await expect(page).toHaveURL(/\/dashboard$/);
  await expect(wearer.trouble).toBeVisible();
  await site.server.start();
  site.proxy.comeBack();
  await expect(wearer.trouble).toBeHidden({ timeout: 40_000 });
  await wearer.callApi();
  await wearer.expectSignedIn(ada);
  expect(site.proxy.seen('/auth/login')).toEqual([]);
});

const html = (status: number): Trouble =>
  ({ kind: 'answer', status, type: 'text/html', body: `<!doctype html><title>${status}</title><h1>Not what you asked for</h1>` });

const lies: [string, Trouble][] = [
  ['its own 401', html(401)],
  ['its own 403', html(403)],
  ['an HTML 502', html(502)],
  ['the sign-in page of a hotel', html(200)],
  ['a 401 in somebody else’s JSON', { kind: 'answer', status: 401, type: 'application/json', body: '{"error":"unauthorized"}' }],
];

for (const [what, lie] of lies) {
  test(`something in between answers a refresh with ${what}`, async ({ wearer, page, site }) => {
    await wearer.register(ada);
    const rule = site.proxy.trouble('/auth/refresh', lie);
    await expect.poll(() => rule.hits, { timeout: 20_000 }).toBeGreaterThanOrEqual(2);
    await expect(wearer.trouble).toBeVisible();
    await expect(page).toHaveURL(/\/dashboard$/);
    // Opening the page in the middle of it signs nobody out either.
    const hits = rule.hits;
    await page.reload();
    await expect.poll(() => rule.hits, { timeout: 20_000 }).toBeGreaterThan(hits);
    await expect(page).toHaveURL(/\/dashboard$/);

    rule.end();
    await wearer.expectSignedIn(ada);
    await wearer.callApi();
    await expect(wearer.trouble).toBeHidden();
    expect(site.proxy.seen('/auth/login')).toEqual([]);
    expect(site.proxy.seen('/auth/logout')).toEqual([]);
  });
}

test.describe('signing out without a network', () => {
  const breaks = {
    'the browser knows it is offline': { network: true, reload: false },
    'the server can’t be reached': { network: false, reload: false },
    'the server can’t be reached, and the page is reloaded later': { network: false, reload: true },
  };
  for (const [how, { network, reload }] of Object.entries(breaks)) {
    test(how, async ({ wearer, page, context, site }) => {
      await wearer.register(ada);
      const jar = await context.cookies([`${site.url}/auth/refresh`]);
      const refreshToken = jar.find(({ httpOnly }) => httpOnly)!.value;

      if (network) await context.setOffline(true);
      else site.proxy.leave();
      await wearer.signOut();
      await wearer.expectSignedOut();
      const names = async () => (await context.cookies([`${site.url}/auth/refresh`])).map(({ name }) => name);
      expect(await names(), 'the hint goes first').toEqual(['__Secure-lanyard-refresh']);
      const alive = await site.server.send('POST', '/auth/refresh', { headers: { authorization: `Bearer ${refreshToken}` } });
      expect(alive.status, 'the server has not heard of it yet').toBe(200);

      const heard = site.proxy.next('/auth/logout', ({ status }) => status === 204);
      if (network) await context.setOffline(false);
      else site.proxy.comeBack();
      if (reload) await page.reload();
      await heard;
      await expect.poll(names).toEqual([]);
      const gone = await site.server.send('POST', '/auth/refresh', { headers: { authorization: `Bearer ${refreshToken}` } });
      expect(gone.status).toBe(401);
      expect(JSON.parse(gone.body)).toMatchObject({ error: 'session_revoked' });
      await wearer.open('/dashboard');
      await expect(page).toHaveURL(/\/sign-in/);
      expect(site.proxy.seen('/auth/refresh').filter(({ at }) => at > Date.now() - 1000)).toEqual([]);
    });
  }
});

test.describe('the device’s clock', () => {
  const DAYS = 24 * 3600 * 1000;

  for (const [how, shift] of [['three days ahead', 3 * DAYS], ['three days behind', -3 * DAYS]] as const) {
    test(`is ${how}: nothing changes`, async ({ wearer, page, context, site }) => {
      await context.addInitScript(shiftClock, shift);
      await wearer.register(ada);
      expect(Math.abs((await page.evaluate(() => Date.now())) - Date.now() - shift)).toBeLessThan(5_000);
      for (let round = 0; round < 3; round += 1) {
        await site.proxy.next('/auth/refresh', ({ status }) => status === 200);
        await wearer.callApi();
      }
      await page.reload();
      await wearer.expectSignedIn(ada);
      expect(site.proxy.seen('/auth/refresh').length, 'and no storm of renewals').toBeLessThan(10);
      expect(site.proxy.log.filter(({ status }) => status === 401)).toEqual([]);
    });

    test(`jumps to ${how} while the page is open`, async ({ wearer, page, context, site }) => {
      await context.addInitScript(shiftClock, 0);
      await wearer.register(ada);
      await page.evaluate((shift) => Object.assign(window, { clockShift: shift }), shift);
      const before = site.proxy.seen('/auth/refresh').length;
      for (let round = 0; round < 3; round += 1) {
        await site.proxy.next('/auth/refresh', ({ status }) => status === 200);
        await wearer.callApi();
      }
      await wearer.expectSignedIn(ada);
      expect(site.proxy.seen('/auth/refresh').length - before).toBeLessThan(10);
    });
  }

  /** Runs in the page: `Date` is off by so many milliseconds, and by `window.clockShift` from then on. */
  function shiftClock(shift: number) {
    const RealDate = Date;
    const holder = Object.assign(window, { clockShift: shift });
    window.Date = class extends RealDate {
      constructor(...given: unknown[]) {
        super(...((given.length > 0 ? given : [RealDate.now() + holder.clockShift]) as [number]));
      }
      static override now() {
        return RealDate.now() + holder.clockShift;
      }
    } as DateConstructor;
  }
});

test('a note stays where it was typed until it has arrived', async ({ wearer, page, site }) => {
  await wearer.register(ada);
  const note = page.getByLabel('Leave a note at the desk');
  // While another call is under way, nothing is sent.
  const held = site.proxy.trouble('/api/me', { kind: 'hold' });
  await page.getByRole('button', { name: 'Call the API' }).click();
  await expect.poll(() => held.hits).toBe(1);
  await note.fill('half past nine');
  await note.press('Enter');
  await expect(note).toHaveValue('half past nine');
  held.end();
  await expect(wearer.main).toContainText('GET /api/me');
  await expect(page.getByRole('button', { name: 'Call the API' })).not.toHaveAttribute('aria-disabled', 'true');
  await note.press('Enter');
  await expect(note).toHaveValue('');
  expect(site.proxy.seen('/api/stamp').map(({ status }) => status)).toEqual([200]);
});
