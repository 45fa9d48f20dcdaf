import { defineConfig } from '@playwright/test';

import { find, findWebKit } from './browsers.mjs';

const chromium = find('chromium');
const firefox = find('firefox');
const webkit = findWebKit();
// Playwright finds its own builds by itself.
const executable = (browser: typeof chromium) => ({ executablePath: browser?.own ? undefined : browser?.path });

// The processes that run the tests read this too.
if (!webkit && process.env.TEST_WORKER_INDEX === undefined) {
  console.log("Skipped: the tests in WebKit, which take Debian's packages webkit2gtk-driver, xvfb and openssl.");
}

export default defineConfig({
  testDir: 'tests',
  fullyParallel: true,
  forbidOnly: !!process.env.CI,
  // A test that fails now and then is a defect, here or in what it tests.
  retries: 0,
  workers: 2,
  // No assertion: Firefox takes its time over an unoptimised WASM where the machine is busy.
  timeout: 90_000,
  expect: { timeout: 10_000 },
  reporter: [['list']],
  use: { actionTimeout: 10_000, navigationTimeout: 20_000 },
  projects: [
    { name: 'chromium', use: { browserName: 'chromium', launchOptions: executable(chromium) } },
    {
      name: 'firefox',
      // What only takes long would take as long again, and show nothing new.
      grepInvert: /@timing/,
      // Nor do those in which the browser draws what the server says, and no more: Firefox takes twice as long for them.
      testIgnore: /\b(account|admin|advice|changes|devices|names|notices|reasons|theft)\.spec\.ts$/,
      use: {
        browserName: 'firefox',
        // A stock Firefox speaks WebDriver BiDi; Playwright's own build has a protocol of its own.
        channel: firefox && !firefox.own ? 'moz-firefox' : undefined,
        launchOptions: executable(firefox),
      },
    },
    // By a client of our own: Playwright drives WebKit in its own builds only.
    ...(webkit ? [{ name: 'webkit', testDir: 'webkit' }] : []),
  ],
});
