// Signing in and out in WebKit, in one window and in two.

import { expect, test } from '../support/webkit.ts';
import { ada } from '../support/wearer.ts';

test('sign-in, and sign-out', async ({ first, site }) => {
  await first.register(ada);
  await first.callApi();
  await first.signOut();
  await first.expectSignedOut();
  // The page goes there by itself; what is opened meanwhile could be overtaken.
  await first.expectAt('/sign-in');
  await first.signIn(ada);
  await first.callApi();
  await first.window.reload();
  await first.expectSignedIn(ada);
  expect(site.proxy.seen('/auth/login')).toHaveLength(1);
});
