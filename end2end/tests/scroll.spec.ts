// Where a page stands: at its top after each way of getting to it, and where the person has put it.

import type { Page } from '@playwright/test';

import { expect, test } from '../support/test.ts';
import { ada } from '../support/wearer.ts';

/** At the top, once the page has taken the focus: that is the last thing that a navigation does. */
async function expectAtTop(page: Page, where: string): Promise<void> {
  const now = () => page.evaluate(() => [document.activeElement?.id, scrollY]);
  await expect.poll(now, where).toEqual(['main', 0]);
}

for (const viewport of [{ width: 900, height: 500 }, { width: 360, height: 740 }]) {
  test.describe(`at ${viewport.width} px`, () => {
    test.use({ viewport });

    test('after sign-in and after each link, the header is in sight', async ({ wearer, page }) => {
      await wearer.register(ada);
      await expectAtTop(page, 'after registering');
      // From a page that was just loaded, and then from one to the next.
      await wearer.open('/');
      // Before the WASM is there, a link loads its page.
      await expect(page.getByRole('banner')).toContainText(ada.name);
      for (const [link, path] of [['Dashboard', '/dashboard'], ['Devices', '/devices'], ['Home', '/'], ['Dashboard', '/dashboard']] as const) {
        await page.evaluate(() => scrollTo(0, 30));
        await page.getByRole('banner').getByRole('link', { name: link, exact: true }).click();
        await expect(page).toHaveURL((url) => url.pathname === path);
        await expectAtTop(page, `at ${path}`);
      }
      await wearer.signOut();
      await expect(page).toHaveURL(/\/sign-in/);
      await wearer.signIn(ada);
      await expectAtTop(page, 'after sign-in');
    });
  });
}

test.describe('where frames come late', () => {
  test.use({ viewport: { width: 360, height: 740 } });

  test('a question has the focus at once, and moves nothing afterwards', async ({ wearer, page }) => {
    await page.addInitScript(() => {
      const frame = requestAnimationFrame.bind(window);
      const held: FrameRequestCallback[] = [];
      const late = { hold: false, release: () => frame((now) => held.forEach((draw) => draw(now))) };
      Object.assign(window, { late });
      window.requestAnimationFrame = (draw) => (late.hold ? held.push(draw) : frame(draw));
    });
    const tell = (what: 'hold' | 'release') => page.evaluate((what) => {
      const { late } = window as unknown as { late: { hold: boolean; release: () => void } };
      if (what === 'hold') late.hold = true;
      else late.release();
    }, what);
    await wearer.register(ada);
    await wearer.openDevices();
    await tell('hold');
    await page.getByRole('button', { name: 'Sign out everywhere' }).click();
    await expect(page.getByRole('button', { name: 'Stay', exact: true })).toBeFocused();
    await page.evaluate(() => scrollTo(0, 0));
    await tell('release');
    await page.evaluate(() => new Promise((drawn) => setTimeout(drawn)));
    expect(await page.evaluate(() => scrollY)).toBe(0);
  });
});
