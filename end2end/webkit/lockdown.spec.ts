// WebKit that runs scripts but no WebAssembly, as in Lockdown Mode.

import { expect, test } from '../support/webkit.ts';
import { ada } from '../support/wearer.ts';

test.use({ settings: { JSC_useWasm: '0' } });

test('nobody is told to allow JavaScript, and the plain forms work', async ({ first, site }) => {
  await first.open('/register');
  expect(await first.window.run('return typeof WebAssembly')).toBe('undefined');
  await first.expectTold('alert', /WebAssembly/);
  await first.submitRegister(ada);
  await first.expectAt('/dashboard');
  await first.expectTold('alert', /WebAssembly/);
  // What shows later counts as well.
  const text = await first.window.run<string>(`
    const page = document.body.cloneNode(true);
    for (const unseen of page.querySelectorAll('noscript, script')) unseen.remove();
    return page.textContent;
  `);
  expect(text).not.toMatch(/allow\s+JavaScript/i);
  await first.press('Sign out', 'header');
  await first.expectSignedOut();
  expect(site.proxy.seen('/auth/logout')).toHaveLength(1);
});
