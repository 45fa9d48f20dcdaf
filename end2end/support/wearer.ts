// A tab with a person in front of it. Finds everything by role and label, as people and screen readers do.

import { type Locator, type Page, expect } from '@playwright/test';

import type { Site } from './test.ts';

export type Person = { name: string; email: string; password: string };

export const ada: Person = { name: 'Ada Lovelace', email: 'ada@lanyard.test', password: 'seven doors, one desk' };
export const grace: Person = { name: 'Grace Hopper', email: 'grace@lanyard.test', password: 'moths in the relays' };

/** An administrator. */
export const joan: Person = { name: 'Joan Clarke', email: 'joan@lanyard.test', password: 'bombes in hut eight' };

export class Wearer {
  constructor(readonly page: Page, private readonly site: Site) {}

  async open(path: string): Promise<void> {
    await this.comeToFront();
    await this.page.goto(this.site.url + path);
  }

  /** Takes the keyboard: Firefox gives it, and what is typed, to the page in front only. */
  async comeToFront(): Promise<void> {
    await this.page.bringToFront();
  }

  /** Opens a page with a password field, and waits until the WASM has taken it over. */
  async openForm(path: string): Promise<void> {
    await this.open(path);
    await expect(this.page.getByRole('button', { name: 'Show password' })).toBeVisible();
  }

  /** Makes an account; ends on the dashboard. */
  async register(person: Person): Promise<void> {
    await this.openForm('/register');
    await this.submitRegister(person);
    await this.expectSignedIn(person);
  }

  /** Signs in; ends on the dashboard. */
  async signIn(person: Person): Promise<void> {
    await this.openForm('/sign-in');
    await this.submitSignIn(person);
    await this.expectSignedIn(person);
  }

  /** Fills the form that is open and sends it. */
  async submitRegister(person: Person): Promise<void> {
    await this.page.getByLabel('Name', { exact: true }).fill(person.name);
    await this.fillCredentials(person);
    await this.main.getByRole('button', { name: 'Create the account' }).click();
  }

  /** Fills the form that is open and sends it. */
  async submitSignIn(person: Person): Promise<void> {
    await this.fillCredentials(person);
    await this.main.getByRole('button', { name: 'Sign in' }).click();
  }

  async signOut(): Promise<void> {
    await this.page.getByRole('banner').getByRole('button', { name: 'Sign out' }).click();
  }

  /** On the dashboard, as this person, with a badge. */
  async expectSignedIn(person: Person): Promise<void> {
    await expect(this.page).toHaveTitle(new RegExp(`signed in as \u2068?${person.name.split(' ')[0]}`));
    await expect(this.number).toBeVisible();
  }

  async expectSignedOut(): Promise<void> {
    await expect(this.page.getByRole('banner').getByRole('link', { name: 'Sign in' })).toBeVisible();
    await expect(this.page.getByRole('button', { name: 'Sign out' })).toHaveCount(0);
  }

  /** On the sign-in page, which says why. */
  async expectSentToSignIn(reason: RegExp): Promise<void> {
    await expect(this.page).toHaveURL(/\/sign-in\b/);
    await expect(this.page.getByRole('status').or(this.page.getByRole('alert')).filter({ hasText: reason })).toBeVisible();
  }

  /** Opens "Your devices", and waits until the list is there. */
  async openDevices(): Promise<void> {
    await this.open('/devices');
    await expect(this.thisDevice).toBeVisible();
  }

  /** This browser's own session, on "Your devices". */
  get thisDevice(): Locator {
    return this.main.getByRole('region', { name: 'This device' }).getByRole('listitem').filter({ has: this.page.getByRole('button') });
  }

  /** The other sessions, on "Your devices". */
  get otherDevices(): Locator {
    return this.main.getByRole('region', { name: 'Other devices' }).getByRole('listitem');
  }

  /** Opens a page of the administration, and waits until what it shows is there. */
  async openAdmin(path: string): Promise<void> {
    await this.open(path);
    await expect(this.page.getByRole('status').filter({ hasText: 'Stays up to date' }).first()).toBeVisible();
  }

  /** What somebody should look at. */
  get notices(): Locator {
    return this.main.getByRole('region', { name: 'Please look at this' });
  }

  /** Opens what came after the page. */
  get news(): Locator {
    return this.main.getByRole('button', { name: /new notice/ });
  }

  /** Presses Tab until this has the focus; Shift+Tab with `-1`. */
  async tabTo(target: Locator, direction: 1 | -1 = 1): Promise<void> {
    await expect(target).toBeVisible();
    for (let presses = 0; presses < 100; presses++) {
      if (await target.evaluate((element) => element === document.activeElement)) return;
      await this.page.keyboard.press(direction === 1 ? 'Tab' : 'Shift+Tab');
    }
    throw new Error(`no way to ${target} by Tab`);
  }

  /** Goes to it by Tab, and presses Enter. */
  async press(target: Locator): Promise<void> {
    await this.tabTo(target);
    await this.page.keyboard.press('Enter');
  }

  /** Goes to a button that asks once more, and to the answer that does it. */
  async pressAndConfirm(button: Locator, no: string, yes: string): Promise<void> {
    await this.press(button);
    await expect(this.page.getByRole('button', { name: no, exact: true })).toBeFocused();
    await this.tabTo(this.page.getByRole('button', { name: yes, exact: true }), -1);
    await this.page.keyboard.press('Enter');
  }

  /** Opens "Your account", and waits until it is this person's. */
  async openAccount(person: Person): Promise<void> {
    await this.open('/account');
    await expect(this.page.getByLabel('Name', { exact: true })).toHaveValue(person.name);
  }

  /** Fills the form for a new password and sends it. */
  async changePassword(current: string, next: string): Promise<void> {
    await this.comeToFront();
    await this.page.getByLabel('Current password', { exact: true }).fill(current);
    await this.page.getByLabel('New password', { exact: true }).fill(next);
    await this.main.getByRole('button', { name: 'Change the password' }).click();
  }

  /** The refresh generation that the badge shows. */
  async generation(): Promise<number> {
    return Number(/\d+/.exec((await this.number.textContent()) ?? '')?.[0]);
  }

  /** Calls the API by its button; returns once a 200 has come. */
  async callApi(): Promise<void> {
    const answer = this.site.proxy.next('/api/me', ({ status }) => status === 200);
    await this.page.getByRole('button', { name: 'Call the API' }).click();
    await answer;
  }

  /** Types a note and sends it; does not wait for the answer. */
  async leaveNote(note: string): Promise<void> {
    const field = this.page.getByLabel('Leave a note at the desk');
    await field.fill(note);
    await field.press('Enter');
  }

  /** Presses "Renew now"; returns once the server has answered. */
  async renew(): Promise<void> {
    const answer = this.site.proxy.next('/auth/refresh', ({ status }) => status === 200);
    await this.page.getByRole('button', { name: 'Renew now' }).click();
    await answer;
  }

  async setPattern(name: 'Silent timer' | 'Retry after 401', on: boolean): Promise<void> {
    const pattern = this.page.getByRole('switch', { name });
    if ((await pattern.getAttribute('aria-checked')) !== String(on)) await pattern.click();
    await expect(pattern).toHaveAttribute('aria-checked', String(on));
  }

  /** What the page says about the way to the server. */
  get trouble(): Locator {
    return this.page.getByRole('status').filter({ hasText: /offline|can't be reached/ });
  }

  /** What just happened. */
  get journal(): Locator {
    return this.page.getByRole('region', { name: 'What just happened' }).getByRole('list');
  }

  /** The page itself. */
  get main(): Locator {
    return this.page.getByRole('main');
  }

  private get number(): Locator {
    return this.page.getByRole('region', { name: 'Your badge' }).getByRole('definition').filter({ hasText: /^No\. \d+$/ });
  }

  private async fillCredentials({ email, password }: Person): Promise<void> {
    await this.comeToFront();
    await this.page.getByLabel('Email', { exact: true }).fill(email);
    await this.page.getByLabel('Password', { exact: true }).fill(password);
  }
}
