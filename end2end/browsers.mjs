// @ts-check
// Which browsers the tests drive. The one place that knows; Playwright's configuration asks it, and run as a
// program it prints the names of those that are lacking, for `cargo xtask`.

import { existsSync } from 'node:fs';
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

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  for (const name of /** @type {const} */ (['chromium', 'firefox'])) if (!find(name)) console.log(name);
}
