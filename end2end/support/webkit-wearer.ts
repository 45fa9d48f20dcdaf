// A window of WebKit with a person in front of it, who does what `wearer.ts` does by Playwright.

import { expect } from '@playwright/test';

import type { Site } from './test.ts';
import { type Role, type Window, eventually } from './webdriver.ts';
import type { Person } from './wearer.ts';

const BANNER = 'header';
const MAIN = 'main';
/** The key, as WebDriver writes it. */
const ENTER = '\ue007';

export class WebKitWearer {
  constructor(readonly window: Window, private readonly site: Site) {}

  async open(path: string): Promise<void> {
    await this.window.open(this.site.url + path);
  }

  /** Opens a page with a password field, and waits until the WASM has taken it over. */
  async openForm(path: string): Promise<void> {
    await this.open(path);
    await this.window.find('button', 'Show password');
  }

  /** Makes an account; ends on the dashboard. */
  async register(person: Person): Promise<void> {
    await this.openForm('/register');
    await this.submitRegister(person);
    await this.expectSignedIn(person);
  }

  /** Fills the form that is open and sends it. */
  async submitRegister(person: Person): Promise<void> {
    await this.fill('Name', person.name);
    await this.fillCredentials(person);
    await this.press('Create the account');
  }

  /** Signs in; ends on the dashboard. */
  async signIn(person: Person): Promise<void> {
    await this.openForm('/sign-in');
    await this.fillCredentials(person);
    await this.press('Sign in');
    await this.expectSignedIn(person);
  }

  async signOut(): Promise<void> {
    await this.press('Sign out', BANNER);
  }

  /** On the dashboard, as this person, with a badge. */
  async expectSignedIn(person: Person): Promise<void> {
    await this.expectTitle(new RegExp(`signed in as ${person.name.split(' ')[0]}`));
    await eventually('the number of a badge', () => this.number());
  }

  async expectSignedOut(): Promise<void> {
    await this.window.find('link', 'Sign in', BANNER);
    expect(await this.window.all('button', 'Sign out')).toEqual([]);
  }

  async expectTitle(title: RegExp): Promise<void> {
    await expect.poll(() => this.window.title()).toMatch(title);
  }

  /** On this page of the site. */
  async expectAt(path: string): Promise<void> {
    await expect.poll(async () => (await this.window.url()).pathname).toBe(path);
  }

  /** Something of this role says so. */
  async expectTold(role: Role, text: RegExp): Promise<void> {
    await eventually(`${role} with ${text}`, async () => {
      for (const element of await this.window.all(role, /^/)) if (text.test(await element.text())) return true;
      return undefined;
    });
  }

  /** Follows a link in the header. */
  async follow(link: string, to: string): Promise<void> {
    await (await this.window.find('link', link, BANNER)).click();
    await this.expectAt(to);
  }

  /** Calls the API by its button; returns once a 200 has come. */
  async callApi(): Promise<void> {
    const answer = this.site.proxy.next('/api/me', ({ status }) => status === 200);
    await this.press('Call the API');
    await answer;
  }

  /** Types a note and sends it; does not wait for the answer. */
  async leaveNote(note: string): Promise<void> {
    await this.fill('Leave a note at the desk', note + ENTER);
  }

  async setPattern(name: string, on: boolean): Promise<void> {
    const pattern = await this.window.find('switch', name);
    if ((await pattern.attribute('aria-checked')) !== String(on)) await pattern.click();
    await expect.poll(() => pattern.attribute('aria-checked')).toBe(String(on));
  }

  async press(button: string, within = MAIN): Promise<void> {
    await (await this.window.find('button', button, within)).click();
  }

  async fillCredentials({ email, password }: Person): Promise<void> {
    await this.fill('Email', email);
    await this.fill('Password', password);
  }

  private async fill(label: string, text: string): Promise<void> {
    await (await this.window.find('textbox', label)).fill(text);
  }

  private async number(): Promise<string | undefined> {
    const [badge] = await this.window.all('region', 'Your badge');
    return /No\. \d+/.exec((await badge?.text()) ?? '')?.[0];
  }
}
