// Staying signed in: past many lifetimes of the access token, past closed tabs and closed browsers.

import { expect, lapse, test } from '../support/test.ts';
import { badge, handedOut } from '../support/tokens.ts';
import { Wearer, ada } from '../support/wearer.ts';

const LIFETIMES = 20;

test.describe(`for ${LIFETIMES} lifetimes of the access token`, { tag: '@timing' }, () => {
  test('by the timer, and no call is ever refused', async ({ wearer, page, site, lifetimes }) => {
    test.setTimeout(180_000);
    await wearer.register(ada);
    // Nothing else may help it.
    await wearer.setPattern('Retry after 401', false);
    const until = Date.now() + LIFETIMES * lifetimes.access * 1000;
    while (Date.now() < until) {
      await site.proxy.next('/auth/refresh', ({ status }) => status === 200);
      await lapse(1);
      await wearer.callApi();
    }
    await expect(page).toHaveURL(/\/dashboard$/);
    expect(site.proxy.log.filter(({ status }) => status === 401)).toEqual([]);
    expect(site.proxy.seen('/auth/login')).toEqual([]);
    const times = site.proxy.seen('/auth/refresh').map(({ at }) => at);
    const gaps = times.slice(1).map((at, index) => at - times[index]!);
    expect(Math.max(...gaps), `no badge ran out before its successor was asked for: ${gaps}`).toBeLessThan(lifetimes.access * 1000);
    expect(times.length).toBeGreaterThanOrEqual(LIFETIMES);
    const generations = site.proxy.seen('/auth/refresh').flatMap((seen) => handedOut(seen)?.generation ?? []);
    expect(generations.length, 'it was rotated').toBeGreaterThan(5);
    expect(generations, 'a cookie comes with a rotation, and only then').toEqual(generations.map((_, index) => index + 1));
  });

  test.describe('by 401 and replay', () => {
    test.use({ lifetimes: { access: 2, retryWindow: 3, settle: 5, idle: 3600, absolute: 7200 } });

    test('with the timer off, and each body arrives intact', async ({ wearer, page, site, lifetimes }) => {
      test.setTimeout(180_000);
      await wearer.register(ada);
      await wearer.setPattern('Silent timer', false);
      // The timer may have renewed until then, or just be at it.
      await lapse(lifetimes.access);
      const before = site.proxy.seen('/auth/refresh').length;
      for (let round = 1; round <= LIFETIMES; round += 1) {
        await lapse(lifetimes.access + 0.2);
        const note = `note ${round}: “quotes”, ünïcode & a%20b\\n`;
        const answer = site.proxy.next('/api/stamp', ({ status }) => status === 200);
        await wearer.leaveNote(note);
        await answer;
        const calls = site.proxy.seen('/api/stamp').slice(-2);
        expect(calls.map(({ status }) => status), `round ${round}`).toEqual([401, 200]);
        expect(calls[1]?.sentBody).toBe(calls[0]?.sentBody);
        expect(JSON.parse(calls[1]?.sentBody ?? '')).toEqual({ message: note });
        expect(badge(calls[1]!)?.text).not.toBe(badge(calls[0]!)?.text);
        await expect(page.getByText(`note ${round}:`).first()).toBeVisible();
      }
      expect(site.proxy.seen('/auth/refresh')).toHaveLength(before + LIFETIMES);
      expect(site.proxy.seen('/auth/login')).toEqual([]);
      await expect(page).toHaveURL(/\/dashboard$/);
    });
  });
});

test.describe('a badge of one second', { tag: '@timing' }, () => {
  test.use({ lifetimes: { access: 1, retryWindow: 3, settle: 5, idle: 3600, absolute: 7200 } });

  test('does not make the page spin', async ({ wearer, site }) => {
    await wearer.register(ada);
    const before = site.proxy.seen('/auth/refresh').length;
    await lapse(10);
    expect(site.proxy.seen('/auth/refresh').length - before).toBeLessThanOrEqual(20);
    await wearer.callApi();
    await wearer.expectSignedIn(ada);
  });
});

test('with both patterns off, an expired badge is simply refused', async ({ wearer, page, site, lifetimes }) => {
  await wearer.register(ada);
  await wearer.setPattern('Silent timer', false);
  await wearer.setPattern('Retry after 401', false);
  await lapse(lifetimes.access + 0.2);
  const before = site.proxy.seen('/auth/refresh').length;
  const answer = site.proxy.next('/api/me');
  await page.getByRole('button', { name: 'Call the API' }).click();
  expect((await answer).status).toBe(401);
  await expect(wearer.journal).toContainText('401');
  expect(site.proxy.seen('/auth/refresh')).toHaveLength(before);
  await wearer.renew();
  await wearer.callApi();
});

test('the tab is closed and another opened', async ({ wearer, newTab, site }) => {
  await wearer.register(ada);
  await wearer.page.close();
  const second = await newTab();
  await second.open('/dashboard');
  await second.expectSignedIn(ada);
  await second.callApi();
  expect(site.proxy.seen('/auth/login')).toEqual([]);
});

test('the page is reloaded, again and again', async ({ wearer, page, site }) => {
  await wearer.register(ada);
  for (let round = 0; round < 5; round += 1) {
    await page.reload();
    await wearer.expectSignedIn(ada);
  }
  // Impatient: before the page has got its badge.
  for (let round = 0; round < 5; round += 1) {
    // By the page itself: Playwright's own `reload` fails while the browser is between two documents.
    const reloaded = page.waitForEvent('framenavigated');
    await page.evaluate(() => void setTimeout(() => location.reload()));
    await reloaded;
  }
  await wearer.expectSignedIn(ada);
  await wearer.callApi();
  expect(site.proxy.seen('/auth/login')).toEqual([]);
});

test('the browser is closed and opened', async ({ openProfile, site }) => {
  const first = await openProfile();
  await new Wearer(await first.newPage(), site).register(ada);
  await first.close();
  const second = await openProfile();
  const wearer = new Wearer(await second.newPage(), site);
  await wearer.open('/dashboard');
  await wearer.expectSignedIn(ada);
  await wearer.callApi();
  expect(site.proxy.seen('/auth/login')).toEqual([]);
});
