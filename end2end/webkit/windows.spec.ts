// Two windows of WebKit share one cookie jar: one renewal serves both, and what happens in one happens in both.

import { lapse } from '../support/test.ts';
import { badge } from '../support/tokens.ts';
import { expect, test } from '../support/webkit.ts';
import { ada, grace } from '../support/wearer.ts';

test('both are refused at once, one refresh reaches the server', async ({ first, newWindow, site, lifetimes }) => {
  await first.register(ada);
  const second = await newWindow();
  await second.open('/dashboard');
  await second.expectSignedIn(ada);
  for (const wearer of [first, second]) await wearer.setPattern('Silent timer', false);
  await lapse(lifetimes.access + 0.2);
  const before = site.proxy.seen('/auth/refresh').length;
  const gate = site.proxy.trouble('/api/stamp', { kind: 'hold' }, 2);
  for (const wearer of [first, second]) await wearer.leaveNote('with an old badge');
  await expect.poll(() => gate.hits).toBe(2);
  gate.end();
  const statuses = () => site.proxy.seen('/api/stamp').map(({ status }) => status).sort();
  await expect.poll(statuses).toEqual([200, 200, 401, 401]);
  expect(site.proxy.seen('/auth/refresh')).toHaveLength(before + 1);
});

test.describe('with long badges, where only the news can tell it', () => {
  test.use({ lifetimes: { access: 600, retryWindow: 3, settle: 5, idle: 3600, absolute: 7200 } });

  test('signing out in one signs out both', async ({ first, newWindow, site }) => {
    await first.register(ada);
    const second = await newWindow();
    await second.open('/dashboard');
    await second.expectSignedIn(ada);
    await first.signOut();
    for (const wearer of [first, second]) await wearer.expectSignedOut();
    await second.open('/dashboard');
    await second.expectAt('/sign-in');
    // The second may say so too.
    const [ended, ...again] = site.proxy.seen('/auth/logout').map(({ status }) => status);
    expect(ended).toBe(204);
    expect(again.filter((status) => status !== 204)).toEqual([]);
  });

  test('Grace signs in from the second: nothing of Ada’s is sent as hers', async ({ first, newWindow, site }) => {
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ ...grace, token_delivery: 'body' });
    const registered = await site.server.send('POST', '/auth/register', { headers, body });
    expect(registered.status).toBe(200);
    await first.register(ada);
    // Ada's note is under way, and reaches the server only after Grace has signed in.
    const gate = site.proxy.trouble('/api/stamp', { kind: 'hold' }, 1);
    await first.leaveNote('from Ada');
    await expect.poll(() => gate.hits).toBe(1);
    const second = await newWindow();
    await second.signIn(grace);
    gate.end();

    await first.expectSignedIn(grace);
    const note = site.proxy.next('/api/stamp', ({ status }) => status === 200);
    await first.leaveNote('from Grace');
    await note;
    await second.callApi();

    const id = ({ user }: { user: { id: string } }) => user.id;
    const owners = new Map([
      ['from Ada', id(JSON.parse(site.proxy.seen('/auth/register')[0]!.gotBody))],
      ['from Grace', id(JSON.parse(registered.body))],
    ]);
    const notes = site.proxy.seen('/api/stamp');
    expect(notes.length).toBeGreaterThanOrEqual(2);
    for (const exchange of notes) {
      expect(badge(exchange)?.sub, exchange.sentBody).toBe(owners.get(JSON.parse(exchange.sentBody).message));
    }
  });
});
