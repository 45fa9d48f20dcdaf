// What the tests in WebKit start from: the server of every test behind TLS, and a WebKit of its own.

import { findWebKit } from '../browsers.mjs';
import { type Certificate, makeCertificate } from './certificate.ts';
import { expect, test as base } from './test.ts';
import { type Browser, Driver } from './webdriver.ts';
import { WebKitWearer } from './webkit-wearer.ts';

export { expect };

/** Playwright's configuration leaves the tests out where there is none. */
export const WEBKIT = findWebKit()!;

type WorkerFixtures = {
  /** What WebKit's environment holds besides. */
  settings: Record<string, string>;
  driver: Driver;
  selfSigned: Certificate;
};

type Fixtures = {
  /** One profile. */
  profile: Browser;
  /** The person in its first window. */
  first: WebKitWearer;
  /** Another window of the same profile. */
  newWindow: () => Promise<WebKitWearer>;
};

export const test = base.extend<Fixtures, WorkerFixtures>({
  selfSigned: [async ({}, use) => {
    await use(await makeCertificate(WEBKIT.openssl));
  }, { scope: 'worker' }],

  settings: [{}, { scope: 'worker', option: true }],

  driver: [async ({ settings }, use) => {
    const driver = await Driver.start(WEBKIT, settings);
    await use(driver);
    await driver.stop();
  }, { scope: 'worker' }],

  certificate: async ({ selfSigned }, use) => {
    await use(selfSigned);
  },

  profile: async ({ driver }, use) => {
    const profile = await driver.open();
    await use(profile);
    await profile.close();
  },

  first: async ({ profile, site }, use, info) => {
    const window = await profile.firstWindow();
    await use(new WebKitWearer(window, site));
    if (info.status !== info.expectedStatus) {
      await info.attach('first window', { body: await window.screenshot(), contentType: 'image/png' });
    }
  },

  newWindow: async ({ profile, site }, use) => {
    await use(async () => new WebKitWearer(await profile.newWindow(), site));
  },
});
