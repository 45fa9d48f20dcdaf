// What WebKit makes of localhost, of our headers and of what a page loads.

import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { Proxy } from '../support/proxy.ts';
import { WEBKIT, expect, test } from '../support/webkit.ts';
import { ada } from '../support/wearer.ts';

test('whoever serves something else on localhost, by http, is reached after us', async ({ first, site }) => {
  await first.open('/');
  expect(site.proxy.log.map(({ got }) => got['strict-transport-security'])).not.toContainEqual(expect.anything());
  const neighbour = await Proxy.start();
  neighbour.target = site.server.port;
  await first.window.open(`${neighbour.url}/health/ready`);
  expect((await first.window.url()).origin).toBe(neighbour.url);
  expect(neighbour.seen('/health/ready', 'GET')).toHaveLength(1);
  await neighbour.stop();
});

test('fields look as ours do, not as the system’s', async ({ first }) => {
  await first.open('/');
  const looks = await first.window.run<string[]>(`
    return ['<select>', '<input type=search>', '<input type=date>', '<input type=email>'].map((html) => {
      document.body.insertAdjacentHTML('beforeend', html);
      return getComputedStyle(document.body.lastElementChild).appearance;
    });
  `);
  expect(looks).toEqual(['none', 'none', 'none', 'none']);
});

test('a page loads its WASM once', async ({ first, site }) => {
  await first.openForm('/sign-in');
  const loaded = site.proxy.log.map(({ path }) => path).filter((path) => path.includes('.wasm'));
  expect(loaded).toHaveLength(1);
});

test('the console stays empty', async ({ driver, site }) => {
  // In a private session, as an automated one is, WebKit keeps its console to itself.
  const loaded = site.proxy.next('/pkg/lanyard_bg.wasm');
  const flags = ['--ignore-tls-errors', '--enable-write-console-messages-to-stdout=true'];
  const browser = spawn(WEBKIT.browser, [...flags, `${site.url}/sign-in`], {
    env: driver.environment, stdio: ['ignore', 'pipe', 'pipe'], detached: true,
  });
  let printed = '';
  for (const output of [browser.stdout, browser.stderr]) output.on('data', (text) => (printed += text));
  await loaded;
  const ended = once(browser, 'close');
  process.kill(-browser.pid!);
  await ended;
  expect(printed).not.toContain('CONSOLE');
});

test.describe('by plain http', () => {
  test.use({ certificate: async ({}, use) => use(undefined) });

  test('who is on localhost is not sent there', async ({ first }) => {
    await first.openForm('/register');
    await first.submitRegister(ada);
    await first.expectTold('alert', /another browser/);
    await first.expectTold('alert', /over https/);
  });
});
