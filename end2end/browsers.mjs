// @ts-check
// Which browsers the tests drive. The one place that knows; Playwright's configuration asks it, and run as a
// program it prints the names of those that are lacking, for `cargo xtask`.

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium, firefox } from '@playwright/test';

/**
 * Where a browser is: where its variable says, else where Debian puts it, else Playwright's own.
 *
 * @param {'chromium' | 'firefox'} name
 * @returns {{ path: string, own: boolean } | undefined} `own` for Playwright's build
 */
export function find(name) {
  const [variable, debian, type] = name === 'chromium'
    ? ['CHROMIUM_PATH', '/usr/bin/chromium', chromium]
    : ['FIREFOX_PATH', '/usr/bin/firefox-esr', firefox];
  const given = process.env[variable];
  if (given) return existsSync(given) ? { path: given, own: false } : undefined;
  if (existsSync(debian)) return { path: debian, own: false };
  const path = type.executablePath();
  return existsSync(path) ? { path, own: true } : undefined;
}

/**
 * WebKit as Debian builds it, which Playwright can't drive: a browser, its WebDriver, a screen for both, and what
 * makes certificates, since WebKit keeps our cookies over TLS only.
 *
 * @typedef {{ browser: string, driver: string, display: string, openssl: string }} WebKit
 * @returns {WebKit | undefined}
 */
export function findWebKit() {
  const [driver, display, openssl] = ['WebKitWebDriver', 'Xvfb', 'openssl'].map((name) => join('/usr/bin', name));
  const browser = libraries().map((folder) => join(folder, 'MiniBrowser')).find((path) => existsSync(path));
  if (!browser || !driver || !display || !openssl) return undefined;
  return [driver, display, openssl].every((path) => existsSync(path)) ? { browser, driver, display, openssl } : undefined;
}

/** Whether Debian's packages can be installed here. */
export function isDebian() {
  return existsSync('/usr/bin/apt-get');
}

/** The folders of WebKitGTK's own programs, such as /usr/lib/x86_64-linux-gnu/webkit2gtk-4.1; the newest first. */
function libraries() {
  /** @param {string} folder */
  const inside = (folder) => (existsSync(folder) ? readdirSync(folder) : []).map((name) => join(folder, name));
  const architectures = inside('/usr/lib').filter((folder) => /-linux-gnu\w*$/.test(folder));
  return architectures.flatMap(inside).filter((folder) => /\/webkit2?gtk-[\d.]+$/.test(folder)).sort().reverse();
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  for (const name of /** @type {const} */ (['chromium', 'firefox'])) if (!find(name)) console.log(name);
  if (!findWebKit() && isDebian()) console.log('webkit');
}
