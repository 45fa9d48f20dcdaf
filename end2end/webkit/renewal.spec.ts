// The refresh patterns in WebKit: by the timer, and by a 401.

import { lapse } from '../support/test.ts';
import { badge, handedOut } from '../support/tokens.ts';
import { expect, test } from '../support/webkit.ts';
import { ada } from '../support/wearer.ts';

test('by the timer, and no call is ever refused', async ({ first, site }) => {
  await first.register(ada);
  // Nothing else may help it.
  await first.setPattern('Retry after 401', false);
  for (let renewals = 0; renewals < 3; renewals += 1) {
    await site.proxy.next('/auth/refresh', ({ status }) => status === 200);
    await first.callApi();
  }
  expect(site.proxy.log.filter(({ status }) => status === 401)).toEqual([]);
  // Past the settling time: WebKit has kept a new cookie, and sent it.
  const generations = site.proxy.seen('/auth/refresh').flatMap((seen) => handedOut(seen)?.generation ?? []);
  expect(generations.slice(0, 1)).toEqual([1]);
  await first.expectAt('/dashboard');
});

test('by 401 and replay, and the body arrives intact', async ({ first, site, lifetimes }) => {
  await first.register(ada);
  await first.setPattern('Silent timer', false);
  await lapse(lifetimes.access + 0.2);
  const before = site.proxy.seen('/auth/refresh').length;
  const answer = site.proxy.next('/api/stamp', ({ status }) => status === 200);
  const note = 'note: “quotes”, ünïcode & a%20b\\n';
  await first.leaveNote(note);
  await answer;
  const calls = site.proxy.seen('/api/stamp');
  expect(calls.map(({ status }) => status)).toEqual([401, 200]);
  expect(calls.map(({ sentBody }) => JSON.parse(sentBody))).toEqual([{ message: note }, { message: note }]);
  expect(badge(calls[1]!)?.text).not.toBe(badge(calls[0]!)?.text);
  expect(site.proxy.seen('/auth/refresh')).toHaveLength(before + 1);
});
