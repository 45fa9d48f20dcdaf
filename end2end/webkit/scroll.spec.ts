// Where a page stands after each way of getting to it: at its top.

import { expect, test } from '../support/webkit.ts';
import type { WebKitWearer } from '../support/webkit-wearer.ts';
import { ada } from '../support/wearer.ts';

/** At the top, once the page has taken the focus: that is the last thing that a navigation does. */
async function expectAtTop({ window }: WebKitWearer, where: string): Promise<void> {
  const now = () => window.run<[string, number]>('return [document.activeElement.id, scrollY]');
  await expect.poll(now, where).toEqual(['main', 0]);
}

test('after sign-in and after each link, the header is in sight', async ({ first }) => {
  // Low enough that every page has something to scroll to.
  await first.window.resize(900, 500);
  await first.register(ada);
  await expectAtTop(first, 'after registering');
  // From a page that was just loaded, and then from one to the next.
  await first.open('/');
  // Before the WASM is there, a link loads its page.
  await first.window.find('link', `Account ${ada.name}`);
  for (const [link, path] of [['Dashboard', '/dashboard'], ['Devices', '/devices'], ['Home', '/'], ['Dashboard', '/dashboard']] as const) {
    await first.window.run('scrollTo(0, 30)');
    await first.follow(link, path);
    await expectAtTop(first, `at ${path}`);
  }
  await first.signOut();
  await first.expectAt('/sign-in');
  await first.signIn(ada);
  await expectAtTop(first, 'after sign-in');
});
