// Several tabs share one cookie jar: one renewal serves all, and what happens in one happens in all.

import type { BrowserContext } from '@playwright/test';

import { type Site, expect, lapse, test } from '../support/test.ts';
import { badge } from '../support/tokens.ts';
import { Wearer, ada, grace } from '../support/wearer.ts';

const TABS = 5;

/** Registers and opens the dashboard in further tabs. */
async function openTabs(first: Wearer, newTab: () => Promise<Wearer>): Promise<Wearer[]> {
  await first.register(ada);
  const tabs = [first];
  while (tabs.length < TABS) {
    const tab = await newTab();
    await tab.open('/dashboard');
    await tab.expectSignedIn(ada);
    tabs.push(tab);
  }
  return tabs;
}

/**
 * Lets every tab call with a badge that has expired, all refusals at the same moment. By POST: of several GETs of one
 * address, browsers send one and let the others wait for what it does to their cache.
 */
async function callTogether(tabs: Wearer[], site: Site): Promise<void> {
  const before = site.proxy.seen('/api/stamp').length;
  const gate = site.proxy.trouble('/api/stamp', { kind: 'hold' }, tabs.length);
  for (const [index, tab] of tabs.entries()) await tab.leaveNote(`from tab ${index}`);
  await expect.poll(() => gate.hits).toBe(tabs.length);
  gate.end();
  const statuses = () => site.proxy.seen('/api/stamp').slice(before).map(({ status }) => status).sort();
  await expect.poll(statuses).toEqual([...tabs.map(() => 200), ...tabs.map(() => 401)]);
}

const withoutLocks = (context: BrowserContext) =>
  context.addInitScript(() => Reflect.deleteProperty(Navigator.prototype, 'locks'));

const withoutChannel = (context: BrowserContext) =>
  context.addInitScript(() => Reflect.deleteProperty(window, 'BroadcastChannel'));

test.describe('five tabs at expiry', () => {
  test('all are refused at once, one refresh reaches the server', async ({ wearer, newTab, site, lifetimes }) => {
    const tabs = await openTabs(wearer, newTab);
    for (const tab of tabs) await tab.setPattern('Silent timer', false);
    await lapse(lifetimes.access + 0.2);
    const before = site.proxy.seen('/auth/refresh').length;
    await callTogether(tabs, site);
    expect(site.proxy.seen('/auth/refresh')).toHaveLength(before + 1);
  });

  test('by the timer, one refresh a lifetime reaches the server', { tag: '@timing' }, async ({ wearer, newTab, site, lifetimes }) => {
    const tabs = await openTabs(wearer, newTab);
    await site.proxy.next('/auth/refresh');
    const from = site.proxy.seen('/auth/refresh').length;
    await lapse(5 * lifetimes.access);
    const times = site.proxy.seen('/auth/refresh').slice(from - 1).map(({ at }) => at);
    expect(times.length).toBeGreaterThan(5);
    const gaps = times.slice(1).map((at, index) => at - times[index]!);
    expect(Math.min(...gaps), `never sooner than 60 % of a lifetime after the last: ${gaps}`)
      .toBeGreaterThanOrEqual(0.6 * lifetimes.access * 1000 - 200);
    for (const tab of tabs) await tab.callApi();
    expect(site.proxy.log.filter(({ status }) => status === 401)).toEqual([]);
  });

  test('without Web Locks nobody is signed out', async ({ wearer, newTab, site, lifetimes }) => {
    // Five tabs of an unoptimised build, each lapsing three times.
    test.slow();
    await withoutLocks(wearer.page.context());
    const tabs = await openTabs(wearer, newTab);
    expect(await wearer.page.evaluate(() => 'locks' in navigator)).toBe(false);
    for (const tab of tabs) await tab.setPattern('Silent timer', false);
    for (let round = 0; round < 3; round += 1) {
      await lapse(lifetimes.settle + 0.2);
      await callTogether(tabs, site);
    }
    for (const tab of tabs) await tab.expectSignedIn(ada);
    const refused = site.proxy.seen('/auth/refresh').filter(({ status }) => status !== 200);
    expect(refused).toEqual([]);
  });

  test('without Web Locks and BroadcastChannel nobody is signed out by timers', { tag: '@timing' }, async ({ wearer, newTab, site, lifetimes }) => {
    await withoutLocks(wearer.page.context());
    await withoutChannel(wearer.page.context());
    const tabs = await openTabs(wearer, newTab);
    await lapse(6 * lifetimes.access);
    for (const tab of tabs) {
      await tab.callApi();
      await tab.expectSignedIn(ada);
    }
    expect(site.proxy.seen('/auth/refresh').filter(({ status }) => status !== 200 && status !== 0)).toEqual([]);
  });
});

test.describe('signing out', () => {
  // Long badges: no tab has anything to do, and only the news can tell it.
  test.use({ lifetimes: { access: 600, retryWindow: 3, settle: 5, idle: 3600, absolute: 7200 } });

  test('in one signs out all', async ({ wearer, newTab }) => {
    const tabs = await openTabs(wearer, newTab);
    await wearer.signOut();
    for (const tab of tabs) await tab.expectSignedOut();
    const late = await newTab();
    await late.open('/dashboard');
    await expect(late.page).toHaveURL(/\/sign-in/);
  });
});

for (const [how, without] of [['and says so', undefined], ['and can’t say so', withoutChannel]] as const) {
  test(`another tab signs in as Grace ${how}: nothing of Ada’s is sent as hers`, async ({ wearer, newTab, newContext, site }) => {
    await new Wearer(await (await newContext()).newPage(), site).register(grace);
    await without?.(wearer.page.context());
    await wearer.register(ada);
    // Ada's note is under way, and reaches the server only after Grace has signed in.
    const gate = site.proxy.trouble('/api/stamp', { kind: 'hold' }, 1);
    await wearer.leaveNote('from Ada');
    await expect.poll(() => gate.hits).toBe(1);
    const other = await newTab();
    await other.signIn(grace);
    gate.end();

    await wearer.expectSignedIn(grace);
    const note = site.proxy.next('/api/stamp', ({ status }) => status === 200);
    await wearer.leaveNote('from Grace');
    await note;
    await other.callApi();
    await other.expectSignedIn(grace);

    const ids = new Map<string, string>();
    for (const { gotBody } of [...site.proxy.seen('/auth/register'), ...site.proxy.seen('/auth/login')]) {
      const { user } = JSON.parse(gotBody);
      ids.set(user.email, user.id);
    }
    const notes = site.proxy.seen('/api/stamp');
    expect(notes.length).toBeGreaterThanOrEqual(2);
    for (const exchange of notes) {
      const author = JSON.parse(exchange.sentBody).message === 'from Ada' ? ada : grace;
      expect(badge(exchange)?.sub, exchange.sentBody).toBe(ids.get(author.email));
    }
  });
}
