// A browser that is killed has written its cookies up to 30 s ago. With the real retry window and settling
// time it may come back with the refresh token from before the last rotation, and that is no theft.

import { KillableChromium } from '../support/killable.ts';
import { expect, lapse, test, watch } from '../support/test.ts';
import { handedOut, shown } from '../support/tokens.ts';
import { Wearer, ada } from '../support/wearer.ts';

test.use({ lifetimes: { access: 15, retryWindow: 30, settle: 120, idle: 3600, absolute: 7200 } });

test('killed 5 s after a rotation, with the old cookie on its disk', { tag: ['@timing', '@slow'] }, async ({ site, problems }) => {
  test.setTimeout(420_000);
  const rotated = (generation: number) =>
    site.proxy.next('/auth/refresh', (exchange) => handedOut(exchange)?.generation === generation, 150);
  const browser = await KillableChromium.create();
  try {
    const before = new Wearer(await browser.open(), site);
    await watch(before.page.context(), problems);
    await before.register(ada);
    const first = await rotated(1);
    await lapse(5);
    await browser.kill();

    const again = site.proxy.next('/auth/refresh');
    const after = new Wearer(await browser.open(), site);
    await watch(after.page.context(), problems);
    await after.open('/dashboard');
    expect(shown(await again)?.generation, 'the disk held the cookie from before the rotation').toBe(0);
    await after.expectSignedIn(ada);
    expect(handedOut(await again)?.text, 'a retry gets the same successor').toBe(handedOut(first)?.text);
    await after.callApi();

    const second = await rotated(2);
    expect(second.at - first.at, 'not before it has settled').toBeGreaterThanOrEqual(120_000);
    await after.callApi();
    await after.expectSignedIn(ada);
    expect(site.proxy.seen('/auth/login')).toEqual([]);
  } finally {
    await browser.dispose();
  }
});
