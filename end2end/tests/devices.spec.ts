// "Your devices": every session is seen, named and ended from any other, and at once.

import type { Locator } from '@playwright/test';

import { expect, lapse, test } from '../support/test.ts';
import { Wearer, ada, grace } from '../support/wearer.ts';

// Long badges: nothing is renewed meanwhile, so only the server's own word can end anything.
test.use({ lifetimes: { access: 600, retryWindow: 3, settle: 5, idle: 3600, absolute: 7200 } });

/** What the list may take to show what others did: it asks every ten seconds. */
const FRESH = { timeout: 15_000 };

/** Ends a session from its card, and says so again when asked. */
async function end(card: Locator): Promise<void> {
  await card.getByRole('button', { name: 'End' }).click();
  await card.getByRole('button', { name: 'End it' }).click();
}

async function rename(card: Locator, name: string): Promise<void> {
  await card.getByRole('button', { name: 'Rename' }).click();
  await card.getByLabel('Name of this device').fill(name);
  await card.getByRole('button', { name: 'Save' }).click();
}

/** Ada in two browsers; the second has a page open and has not looked at the list. */
const twoBrowsers = test.extend<{ other: Wearer }>({
  other: async ({ wearer, newContext, site }, use) => {
    await wearer.register(ada);
    const other = new Wearer(await (await newContext()).newPage(), site);
    await other.signIn(ada);
    await use(other);
  },
});

twoBrowsers('one browser ends the other, whose next click leads to sign-in, to the reason, and back', async ({ wearer, other }) => {
  await other.openAccount(ada);
  await wearer.openDevices();
  await end(wearer.otherDevices);
  await expect(wearer.otherDevices).toHaveCount(0);
  await expect(wearer.page.getByRole('status').filter({ hasText: 'The session was ended.' })).toBeVisible();
  await expect(wearer.page.getByText('You are signed in nowhere else.')).toBeVisible();

  await other.page.getByRole('button', { name: 'Change the name' }).click();
  await other.expectSentToSignIn(/from another device/);
  await expect(other.page).toHaveURL(/next=%2Faccount/);
  await other.submitSignIn(ada);
  await expect(other.page).toHaveURL(/\/account$/);
  await expect(other.page.getByLabel('Name', { exact: true })).toHaveValue(ada.name);
  await expect(wearer.otherDevices).toHaveCount(1, FRESH);
});

twoBrowsers('a second question stands until the first is answered', async ({ wearer, other, newContext, site, page }) => {
  await other.openDevices();
  await new Wearer(await (await newContext()).newPage(), site).signIn(ada);
  await wearer.openDevices();
  await expect(wearer.otherDevices).toHaveCount(2);
  for (const device of [0, 1]) await wearer.otherDevices.nth(device).getByRole('button', { name: /^End (?!it$)/ }).click();
  let answer = () => {};
  const answered = new Promise<void>((resolve) => { answer = resolve; });
  await page.route('**/api/sessions/*', async (route) => {
    if (route.request().method() === 'DELETE') await answered;
    await route.continue();
  });
  const yes = wearer.otherDevices.getByRole('button', { name: 'End it' });
  await yes.first().click();
  await expect(yes).toHaveCount(1);
  await yes.dispatchEvent('click');
  await expect(yes).toHaveAttribute('aria-disabled', 'true');
  answer();
  await yes.click();
  await expect(wearer.otherDevices).toHaveCount(0);
});

twoBrowsers('the list follows what happens elsewhere while it is open', async ({ wearer, other, newContext, site }) => {
  await wearer.openDevices();
  await expect(wearer.otherDevices).toHaveCount(1);
  const third = new Wearer(await (await newContext()).newPage(), site);
  await third.signIn(ada);
  await expect(wearer.otherDevices).toHaveCount(2, FRESH);
  // What is being typed here stays.
  await wearer.otherDevices.first().getByRole('button', { name: 'Rename' }).click();
  const name = wearer.otherDevices.first().getByLabel('Name of this device');
  await name.fill('half a na');
  await other.openDevices();
  await rename(other.thisDevice, 'In the kitchen');
  await expect(wearer.otherDevices.getByRole('heading', { name: 'In the kitchen' })).toBeVisible(FRESH);
  await expect(name).toHaveValue('half a na');
  await other.signOut();
  await expect(wearer.otherDevices).toHaveCount(1, FRESH);
  await expect(wearer.page).toHaveURL(/\/devices$/);
});

twoBrowsers('a list that is open in the session that is ended leaves by itself', async ({ wearer, other }) => {
  await other.openDevices();
  await wearer.openDevices();
  await end(wearer.otherDevices);
  await expect(other.page).toHaveURL(/\/sign-in\?next=%2Fdevices/, FRESH);
  await other.expectSentToSignIn(/from another device/);
});

twoBrowsers('all others are ended at once, this one goes on', async ({ wearer, other, newContext, site }) => {
  const third = new Wearer(await (await newContext()).newPage(), site);
  await third.signIn(ada);
  await wearer.openDevices();
  await expect(wearer.otherDevices).toHaveCount(2);
  await wearer.page.getByRole('button', { name: 'End all others' }).click();
  await wearer.page.getByRole('group').getByRole('button', { name: 'End all others' }).click();
  await expect(wearer.page.getByRole('status').filter({ hasText: '2 other sessions were ended.' })).toBeVisible();
  await expect(wearer.otherDevices).toHaveCount(0);
  for (const ended of [other, third]) {
    await ended.page.getByRole('button', { name: 'Call the API' }).click();
    await ended.expectSentToSignIn(/from another device/);
  }
  await wearer.open('/dashboard');
  await wearer.callApi();
});

twoBrowsers('signing out everywhere leaves no browser, no tab and no cookie', async ({ wearer, other, newTab, context, site }) => {
  const tab = await newTab();
  await tab.open('/dashboard');
  await tab.expectSignedIn(ada);
  await wearer.openDevices();
  await wearer.page.getByRole('button', { name: 'Sign out everywhere' }).click();
  await wearer.page.getByRole('group').getByRole('button', { name: 'Sign out everywhere' }).click();
  // Whoever did it is told what he did, in each tab; the other browser, who did it to it.
  for (const here of [wearer, tab]) await here.expectSentToSignIn(/You are signed out/);
  await other.page.getByRole('button', { name: 'Call the API' }).click();
  await other.expectSentToSignIn(/from another device/);
  await expect.poll(async () => (await context.cookies([`${site.url}/auth/refresh`])).length).toBe(0);
  await wearer.submitSignIn(ada);
  await wearer.expectSignedIn(ada);
  await wearer.openDevices();
  await expect(wearer.otherDevices).toHaveCount(0);
});

twoBrowsers('signing out from the list is signing out', async ({ wearer, other }) => {
  await wearer.openDevices();
  await wearer.thisDevice.getByRole('button', { name: 'Sign out' }).click();
  await wearer.expectSentToSignIn(/You are signed out/);
  await other.callApi();
});

twoBrowsers('whoever signs in next finds a list of his own', async ({ wearer, other, newTab, newContext, site }) => {
  await new Wearer(await (await newContext()).newPage(), site).register(grace);
  await wearer.openDevices();
  await rename(wearer.otherDevices, 'Ada’s kitchen');
  await wearer.otherDevices.getByRole('button', { name: 'End' }).click();
  await (await newTab()).signIn(grace);
  await expect(wearer.page.getByRole('banner')).toContainText(grace.name);
  // Hers is the one from registering.
  await expect(wearer.otherDevices).toHaveCount(1);
  await expect(wearer.page.getByText('Ada’s kitchen')).toHaveCount(0);
  await expect(wearer.page.getByRole('group')).toHaveCount(0);
  await expect(wearer.page.getByRole('status').filter({ hasText: 'The name was changed.' })).toHaveCount(0);
  await other.callApi();
});

const HOSTILE = [
  '<b id="planted">bold</b><img src=x onerror=alert(1)>',
  'מחשב של עדה (Ada) 1!',
  '👩‍👩‍👧‍👦 family 🏳️‍🌈',
  'Z\u0335\u0321\u0322\u035A'.repeat(12),
  '"\'&amp;{{7*7}}${7*7}`</script>',
  'm'.repeat(60),
  '🦀'.repeat(60),
];

twoBrowsers('a name is text, whatever it is', async ({ wearer, other }) => {
  await wearer.openDevices();
  const { page } = wearer;
  page.on('dialog', (dialog) => { throw new Error(`a dialog: ${dialog.message()}`); });
  const heading = wearer.otherDevices.getByRole('heading');
  for (const name of HOSTILE) {
    await rename(wearer.otherDevices, name);
    await expect(heading).toHaveText(name);
    await expect(page.locator('#planted')).toHaveCount(0);
    // Nothing is written over what is beside, above or below it.
    await expect(heading).toHaveCSS('overflow', 'hidden');
    expect((await heading.boundingBox())!.height, name).toBeLessThan(40);
    await expect(wearer.otherDevices.getByRole('button', { name: 'End' })).toBeVisible();
  }
  await other.openDevices();
  await expect(other.thisDevice.getByRole('heading')).toHaveText(HOSTILE.at(-1)!);

  // One too many is refused in words, and stays to be mended.
  await rename(wearer.otherDevices, 'n'.repeat(61));
  await expect(page.getByRole('alert').filter({ hasText: 'at most 60 characters' })).toBeVisible();
  await expect(wearer.otherDevices.getByLabel('Name of this device')).toHaveValue('n'.repeat(61));
  await page.keyboard.press('Escape');
  await expect(heading).toHaveText(HOSTILE.at(-1)!);

  await rename(wearer.otherDevices, '  ');
  await expect(heading).toHaveText(/ on |^[A-Z]\w+$/);
  await expect(page.getByRole('alert').filter({ hasText: 'at most 60 characters' })).toHaveCount(0);
});

twoBrowsers('ending a session needs no mouse, and a second thought changes nothing', async ({ wearer, other }) => {
  await wearer.openDevices();
  const { page, otherDevices } = wearer;
  const ask = otherDevices.getByRole('button', { name: 'End', exact: false });
  await ask.focus();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('button', { name: 'Keep it' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(ask).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('button', { name: 'Keep it' })).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(ask).toBeFocused();
  // A double click lands where nothing is ended.
  await ask.dblclick();
  await expect(ask).toBeVisible();
  await other.callApi();

  await ask.focus();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('button', { name: 'Keep it' })).toBeFocused();
  await page.keyboard.press('Shift+Tab');
  await expect(page.getByRole('button', { name: 'End it' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(otherDevices).toHaveCount(0);
  await expect(page.getByRole('heading', { name: 'Other devices' })).toBeFocused();
});

twoBrowsers('what goes wrong is said, and the list stays', async ({ wearer, other, site }) => {
  await wearer.openDevices();
  await expect(wearer.otherDevices).toHaveCount(1);
  const away = site.proxy.trouble('/api/sessions', { kind: 'answer', status: 502, type: 'text/html', body: '<h1>Bad gateway</h1>' });
  await wearer.page.evaluate(() => dispatchEvent(new Event('online')));
  await expect(wearer.page.getByRole('status').filter({ hasText: 'can\'t be brought up to date' })).toBeVisible();
  await expect(wearer.otherDevices).toHaveCount(1);
  away.end();
  await wearer.page.evaluate(() => dispatchEvent(new Event('online')));
  await expect(wearer.page.getByRole('status').filter({ hasText: 'Stays up to date' })).toBeVisible();

  // Ended meanwhile by itself: ending what has ended is no error.
  const reading = site.proxy.trouble('/api/sessions', { kind: 'hold' });
  await other.signOut();
  await other.expectSignedOut();
  await end(wearer.otherDevices);
  reading.end();
  await expect(wearer.otherDevices).toHaveCount(0);
  await expect(wearer.page.getByRole('alert').filter({ hasText: /\S/ })).toHaveCount(0);
});

twoBrowsers('one request at a time: an older answer brings nothing back', async ({ wearer, other, site }) => {
  await wearer.openDevices();
  await expect(wearer.otherDevices).toHaveCount(1);
  const reading = site.proxy.trouble('/api/sessions', { kind: 'hold' }, 1);
  await wearer.page.evaluate(() => dispatchEvent(new Event('online')));
  await expect.poll(() => reading.hits).toBe(1);
  await end(wearer.otherDevices);
  await wearer.page.evaluate(() => dispatchEvent(new Event('online')));
  await lapse(1);
  const asked = () => site.proxy.log.filter(({ path }) => path.startsWith('/api/sessions')).map(({ method }) => method);
  const before = asked();
  expect(before.at(-1), 'the end waits for its turn').toBe('GET');
  reading.end();
  await expect(wearer.otherDevices).toHaveCount(0);
  expect(asked().slice(before.length)).toEqual(['DELETE', 'GET']);
  await expect(other.page).toHaveURL(/\/dashboard$/);
});

twoBrowsers('an answer to a page that has been left disturbs nothing', async ({ wearer, other, site }) => {
  const { page } = wearer;
  const leave = () => page.getByRole('link', { name: 'Home', exact: true }).click();
  await wearer.openDevices();
  const reading = site.proxy.trouble('/api/sessions', { kind: 'hold' }, 1);
  await end(wearer.otherDevices);
  await expect.poll(() => reading.hits).toBe(1);
  await leave();
  const read = site.proxy.next('/api/sessions');
  reading.end();
  await read;
  await other.page.getByRole('button', { name: 'Call the API' }).click();
  await other.expectSentToSignIn(/from another device/);

  await wearer.openAccount(ada);
  const changing = site.proxy.trouble('/api/account/password', { kind: 'hold' }, 1);
  await wearer.changePassword('eight doors, no desk', 'nine lamps, no shade');
  await expect.poll(() => changing.hits).toBe(1);
  await leave();
  const refused = site.proxy.next('/api/account/password');
  changing.end();
  await refused;
  await page.getByRole('link', { name: 'Dashboard', exact: true }).click();
  await wearer.callApi();
});

test('nobody asks for a list that nobody sees', { tag: '@timing' }, async ({ wearer, page, site }) => {
  await wearer.register(ada);
  await wearer.openDevices();
  const asked = () => site.proxy.seen('/api/sessions', 'GET').length;
  await expect.poll(asked).toBe(1);
  const setHidden = (hidden: boolean) => page.evaluate((hidden) => {
    Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });
    document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
  }, hidden);
  await setHidden(true);
  await lapse(12);
  expect(asked()).toBe(1);
  await setHidden(false);
  await expect.poll(asked).toBe(2);
  await page.getByRole('link', { name: 'Home', exact: true }).click();
  await lapse(12);
  expect(asked(), 'nor once the page is left').toBe(2);
});
