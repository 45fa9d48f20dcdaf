// Nothing jumps while a page finds out what it has to show.

import type { Page } from '@playwright/test';

import { type Site, expect, test } from '../support/test.ts';
import { type Person, joan } from '../support/wearer.ts';

test.use({ lifetimes: { access: 600, retryWindow: 3, settle: 5, idle: 3600, absolute: 7200 }, reducedMotion: 'reduce' });
test.skip(({ browserName }) => browserName !== 'chromium', 'only Chromium measures it');

type Shift = PerformanceEntry & { value: number; hadRecentInput: boolean; sources: { node?: Node }[] };

/** What has moved on the page that is open since it was opened: how much in all, and what it was. */
async function shifts(page: Page): Promise<{ sum: number; moved: string[] }> {
  return page.evaluate(async () => {
    // What has come by now is drawn by the frame after the next.
    for (const _ of [1, 2]) await new Promise((drawn) => requestAnimationFrame(drawn));
    const entries = await new Promise<PerformanceEntryList>((read) => {
      new PerformanceObserver((list) => read(list.getEntries())).observe({ type: 'layout-shift', buffered: true });
      setTimeout(() => read([]), 300);
    });
    const name = (node?: Node) => (node instanceof Element ? node : node?.parentElement)?.outerHTML.slice(0, 80) ?? 'gone';
    return {
      sum: (entries as Shift[]).reduce((sum, { value }) => sum + value, 0),
      moved: (entries as Shift[]).flatMap(({ value, sources }) => sources.map(({ node }) => `${value.toFixed(3)} ${name(node)}`)),
    };
  });
}

const PHONE = 'Mozilla/5.0 (Android 14; Mobile; rv:130.0) Gecko/130.0 Firefox/130.0';
const MAC = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15';

/** Signs in from a browser that was never seen here. */
async function signInElsewhere(site: Site, { email, password }: Person, browser: string): Promise<void> {
  const headers = { 'content-type': 'application/json', 'user-agent': browser };
  const body = JSON.stringify({ email, password, token_delivery: 'body' });
  expect((await site.server.send('POST', '/auth/login', { headers, body })).status).toBe(200);
}

for (const viewport of [{ width: 1280, height: 720 }, { width: 360, height: 740 }]) {
  test.describe(`at ${viewport.width} px`, () => {
    test.use({ viewport });

    test('nothing jumps when what a page shows arrives', async ({ wearer, page, site }) => {
      test.slow();
      // An unoptimised WASM on a busy machine takes longer to be there than what waits for it.
      await page.addInitScript(() => document.addEventListener('DOMContentLoaded', () => document.documentElement.style.setProperty('--moment', '30s')));
      await site.server.makeAdmin(joan);
      await wearer.signIn(joan);
      const quiet = async (path: string, there: () => Promise<void>) => {
        await wearer.open(path);
        await there();
        const { sum, moved } = await shifts(page);
        expect.soft(sum, `${path}\n${moved.join('\n')}`).toBeLessThan(0.1);
      };
      const upToDate = () => expect(page.getByText('Stays up to date').first()).toBeVisible();
      for (const browsers of [[], [PHONE, MAC]]) {
        for (const browser of browsers) await signInElsewhere(site, joan, browser);
        const notices = browsers.length;
        const told = () => expect(wearer.notices.getByRole('listitem')).toHaveCount(notices);
        await quiet('/devices', async () => { await upToDate(); await told(); });
        await quiet('/dashboard', async () => { await wearer.expectSignedIn(joan); await told(); });
      }
      for (const path of ['/admin/users', '/admin/sessions', '/admin/audit', '/admin/audit?event=authn_token_reuse', '/admin/activity']) {
        await quiet(path, upToDate);
      }
      await wearer.openAdmin('/admin/users');
      await wearer.main.getByRole('link', { name: joan.name }).click();
      await expect(page.getByRole('heading', { name: joan.name })).toBeVisible();
      const person = new URL(page.url()).pathname;
      await quiet(person, async () => {
        await expect(page.getByText('Stays up to date')).toHaveCount(2);
        await expect(page.getByRole('table')).toHaveCount(2);
      });
      await quiet(`/admin/audit?user=${person.split('/').at(-1)}`, () => expect(page.getByRole('link', { name: joan.name }).nth(1)).toBeVisible());
    });
  });
}
