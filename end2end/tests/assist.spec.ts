// For whoever listens to a page, or sees little of it at once.

import { expect, test } from '../support/test.ts';
import { Wearer, ada, joan } from '../support/wearer.ts';

test.use({ lifetimes: { access: 600, retryWindow: 3, settle: 5, idle: 3600, absolute: 7200 }, reducedMotion: 'reduce' });

test('what will be read aloud has its place from the start', async ({ wearer, page, site }) => {
  await site.server.makeAdmin(joan);
  const unheard = () => page.evaluate(() =>
    [...document.querySelectorAll('[role="status"], [role="alert"], [role="log"], [aria-live]')].filter((region) => {
      const { display, visibility } = getComputedStyle(region);
      // What is folded away as a whole is opened before anything happens in it.
      return !region.closest('details:not([open])') && (display === 'none' || visibility !== 'visible' || region.closest('[hidden]'));
    }).map(({ outerHTML }) => outerHTML));
  for (const path of ['/', '/sign-in', '/register']) {
    await wearer.open(path);
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    // What is below a list that is still being read waits unseen.
    await expect.poll(unheard, path).toEqual([]);
  }
  await wearer.signIn(joan);
  for (const path of ['/dashboard', '/devices', '/account', '/admin', '/admin/sessions', '/admin/audit', '/admin/activity']) {
    await wearer.open(path);
    await expect(page.getByRole('button', { name: 'Sign out' }).first()).toBeVisible();
    // What is below a list that is still being read waits unseen.
    await expect.poll(unheard, path).toEqual([]);
  }
});

test('a message comes into a place that is there already', async ({ wearer, page }) => {
  await wearer.openForm('/sign-in');
  const places = page.getByRole('alert');
  const before = await places.count();
  expect(before).toBeGreaterThan(0);
  await wearer.submitSignIn(ada);
  await expect(places.filter({ hasText: 'is wrong' })).toBeVisible();
  await expect(places).toHaveCount(before);
});

test.describe('at 400 % zoom', () => {
  test.use({ viewport: { width: 320, height: 256 } });

  test('the connection notice leaves room, and can be put away until there is something else to say', async ({ wearer, page, site }) => {
    await wearer.register(ada);
    site.proxy.leave();
    await page.getByRole('button', { name: 'Renew now' }).click();
    const notice = page.getByRole('complementary', { name: 'Connection' });
    await expect(wearer.trouble).toBeVisible();
    expect((await notice.boundingBox())!.height).toBeLessThan(256 / 3);
    await notice.getByRole('button', { name: 'Hide' }).click();
    await expect(notice).toHaveCSS('opacity', '0');
    await expect(notice.getByRole('button')).toHaveCount(0);
    site.proxy.comeBack();
    await expect(wearer.trouble).toHaveCount(0, { timeout: 40_000 });
    site.proxy.leave();
    await page.getByRole('button', { name: 'Renew now' }).click();
    await expect(notice).toHaveCSS('opacity', '1');
  });

  test('nothing scrolls sideways, and the way to the account can be read', async ({ wearer, page }) => {
    await wearer.register(ada);
    for (const path of ['/', '/dashboard', '/devices', '/account']) {
      await wearer.open(path);
      const account = page.getByRole('banner').getByRole('link', { name: 'Account' }).getByText('Account', { exact: true });
      await expect(account).toBeVisible();
      const cut = await page.evaluate(() => {
        const [word, link] = [document.querySelector('.me span')!, document.querySelector('.me a')!];
        return word.getBoundingClientRect().right > link.getBoundingClientRect().right + 0.5;
      });
      expect(cut, path).toBe(false);
      const [wanted, there] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
      expect(wanted, path).toBeLessThanOrEqual(there!);
    }
  });
});

for (const width of [1024, 1280, 1600]) {
  test(`the strap covers nothing of a name at ${width} px`, async ({ wearer, page }) => {
    await page.setViewportSize({ width, height: 768 });
    await wearer.register({ ...ada, name: 'Wilhelmina Featherstonehaugh-Cholmondeley' });
    await wearer.open('/');
    await expect(page.getByText('the badge beside this is your own')).toBeVisible();
    const name = (await page.getByRole('banner').getByText('Wilhelmina').boundingBox())!;
    // Where it is drawn at all: the mask hides what is above.
    const strap = await page.locator('.hero .strap').evaluate((strap) => {
      const { mask, overflow } = getComputedStyle(strap);
      const box = strap.getBoundingClientRect();
      const hidden = mask === 'none' ? -Infinity : 5 * 16;
      return { top: overflow === 'visible' && mask === 'none' ? 0 : box.top + hidden };
    });
    expect(strap.top).toBeGreaterThanOrEqual(name.y + name.height);
  });
}

test.describe('on a phone', () => {
  test.use({ viewport: { width: 360, height: 740 } });

  test('what an action did is in sight', async ({ wearer, page, newContext, site }) => {
    await wearer.register(ada);
    for (let i = 0; i < 3; i++) await new Wearer(await (await newContext()).newPage(), site).signIn(ada);
    await wearer.openDevices();
    await wearer.comeToFront();
    await expect(wearer.otherDevices).toHaveCount(3);
    const last = wearer.otherDevices.last();
    await last.getByRole('button', { name: /^End/ }).click();
    await last.getByRole('button', { name: 'End it' }).click();
    await expect(wearer.otherDevices).toHaveCount(2);
    await expect(page.getByRole('status').filter({ hasText: 'The session was ended.' })).toBeInViewport({ ratio: 1 });
  });

  test('why a badge keeps its number is said beside it', async ({ wearer, page }) => {
    await wearer.register(ada);
    await expect(page.getByText('keeps the badge\'s number until the passport is 5 seconds old')).toBeVisible();
  });
});
