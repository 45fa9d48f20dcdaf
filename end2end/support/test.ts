// What every test starts from: a server of its own behind a proxy of its own, and browsers in which nothing
// goes wrong unseen.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, type BrowserContextOptions, test as base, expect } from '@playwright/test';

import type { Certificate } from './certificate.ts';
import { Proxy } from './proxy.ts';
import { type Lifetimes, Server } from './server.ts';
import { HINT, REFRESH, setCookie } from './tokens.ts';
import { Wearer } from './wearer.ts';

export { expect };

/** A server and the network in front of it. */
export type Site = { url: string; proxy: Proxy; server: Server };

type Fixtures = {
  /** How long things last on this test's server; seconds, so that tests see many lifetimes. */
  lifetimes: Lifetimes;
  /** Whether browsers reach the server by TLS, and with what. */
  certificate: Certificate | undefined;
  site: Site;
  /** The paths that a test lets a page ask for though nothing is there; empty, until a test adds one. */
  missing: Set<string>;
  /** The paths to which a test lets the server answer 503; empty, until a test adds one. */
  unavailable: Set<string>;
  /** What went wrong in any of this test's browsers; a test fails unless it is empty at its end. */
  problems: string[];
  /** Another browser profile, empty, watched like the first. */
  newContext: (options?: BrowserContextOptions) => Promise<BrowserContext>;
  /** Opens the browser with a profile on disk, the same one each time. */
  openProfile: () => Promise<BrowserContext>;
  /** The first tab of the first profile. */
  wearer: Wearer;
  /** Another tab of the same profile. */
  newTab: () => Promise<Wearer>;
};

export const test = base.extend<Fixtures>({
  // S >= W + 2T, so nothing shorter makes sense with a window of 3 s.
  lifetimes: [{ access: 4, retryWindow: 3, settle: 5, idle: 3600, absolute: 7200 }, { option: true }],

  certificate: async ({}, use) => {
    await use(undefined);
  },

  site: async ({ lifetimes, certificate }, use, info) => {
    const proxy = await Proxy.start(certificate);
    const server = await Server.start(proxy.url, lifetimes);
    proxy.target = server.port;
    await use({ url: proxy.url, proxy, server });
    await proxy.stop();
    await server.dispose();
    if (info.status !== info.expectedStatus) {
      await info.attach('server.log', { body: server.logs, contentType: 'text/plain' });
      const lines = proxy.log.map((seen) =>
        `${new Date(seen.at).toISOString()} ${seen.method} ${seen.path} ${seen.status} by ${seen.by}`);
      await info.attach('network.log', { body: lines.join('\n'), contentType: 'text/plain' });
    }
  },

  missing: async ({}, use) => {
    await use(new Set());
  },

  unavailable: async ({}, use) => {
    await use(new Set());
  },

  problems: [async ({ site, missing, unavailable }, use) => {
    const problems: string[] = [];
    await use(problems);
    for (const { by, status, sent, method, path } of site.proxy.log) {
      // Chromium asks for an icon by that name where it shows something other than HTML.
      const unwanted = status === 404 && sent['sec-fetch-dest'] !== 'document' && path !== '/favicon.ico' && !missing.has(path);
      const failed = status >= 500 && !(status === 503 && unavailable.has(path));
      if (by === 'server' && (failed || unwanted)) problems.push(`the server answered ${status} to ${method} ${path}`);
    }
    for (const refresh of site.proxy.seen('/auth/refresh')) {
      const cleared = [REFRESH, HINT].filter((name) => setCookie(refresh, name)?.value === '');
      if (cleared.length > 0) problems.push('a refresh cleared cookies: who lost a race deletes what the winner got');
    }
    if (site.server.logs.includes('panicked at')) problems.push('the server panicked');
    expect(problems, 'consoles, content security policy, and the server stay free of errors').toEqual([]);
  }, { auto: true }],

  context: async ({ context, problems }, use) => {
    await watch(context, problems);
    await use(context);
  },

  newContext: async ({ browser, problems }, use) => {
    const opened: BrowserContext[] = [];
    await use(async (options) => {
      const context = await browser.newContext(options);
      opened.push(context);
      await watch(context, problems);
      return context;
    });
    for (const context of opened) await context.close();
  },

  openProfile: async ({ playwright, browserName, channel, launchOptions, problems }, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'lanyard-profile-'));
    const opened: BrowserContext[] = [];
    await use(async () => {
      const context = await playwright[browserName].launchPersistentContext(folder, { ...launchOptions, channel });
      opened.push(context);
      await watch(context, problems);
      return context;
    });
    for (const context of opened) await context.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  },

  wearer: async ({ page, site }, use) => {
    await use(new Wearer(page, site));
  },

  newTab: async ({ context, site }, use) => {
    await use(async () => new Wearer(await context.newPage(), site));
  },
});

/** Remembers what goes wrong in a profile's pages. */
export async function watch(context: BrowserContext, problems: string[]): Promise<void> {
  context.on('weberror', (error) => {
    const { message } = error.error();
    // What Firefox says of the scripts and the WASM that a page was still loading when it was left.
    if (/^(The operation was aborted|NetworkError when attempting to fetch resource)\.\s*$/.test(message)) return;
    problems.push(`uncaught: ${message}`);
  });
  context.on('console', (message) => {
    // A failed request is the network's doing; what the server answers is checked in the proxy's log.
    if (message.type() !== 'error' || message.text().startsWith('Failed to load resource')) return;
    problems.push(`console: ${message.text()}`);
  });
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      console.error(`content security policy: ${event.violatedDirective} blocked ${event.blockedURI}`);
    });
  });
}

/** Lets real time pass. For what only happens with time, never to wait for something that can be seen. */
export function lapse(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}
