// A plain WebDriver client (https://www.w3.org/TR/webdriver2/) for WebKit: Playwright drives WebKit in builds of its own
// only. A display, a driver, one browser at a time.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { WebKit } from '../browsers.mjs';
import { freePort } from './server.ts';

/** How a reference to an element is marked on the wire. */
const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf';

/** What the elements with a role are looked for by; their names are asked of the browser. */
const ROLES = {
  alert: '[role="alert"]',
  button: 'button',
  heading: 'h1, h2, h3',
  link: 'a[href]',
  region: 'section',
  status: '[role="status"]',
  switch: '[role="switch"]',
  textbox: 'input',
};

export type Role = keyof typeof ROLES;

/** What the driver refused, and its code for it. */
export class Refusal extends Error {
  constructor(readonly code: string, message: string) {
    super(`${code}: ${message}`);
  }
}

/** A screen that nobody sees and a driver on it. */
export class Driver {
  private constructor(
    /** Whoever is started beside it needs the same. */
    readonly environment: NodeJS.ProcessEnv,
    private readonly address: string,
    private readonly folder: string,
    private readonly processes: ChildProcess[],
  ) {}

  static async start({ driver, display }: WebKit, settings: NodeJS.ProcessEnv = {}): Promise<Driver> {
    const folder = await mkdtemp(join(tmpdir(), 'lanyard-webkit-'));
    // Each is a group with what it starts, and ends with it.
    const screen = spawn(display, ['-displayfd', '3', '-screen', '0', '1280x900x24', '-nolisten', 'tcp'], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'], detached: true,
    });
    const [number] = await Promise.race([once(screen.stdio[3]!, 'data'), failure(screen, display)]);
    // Nothing of whoever runs the tests is read or written, nor shown on their screen.
    const inherited = Object.entries(process.env).filter(([name]) => !/^(XDG|WAYLAND)_/.test(name));
    const environment = {
      ...Object.fromEntries(inherited),
      DISPLAY: `:${String(number).trim()}`,
      GDK_BACKEND: 'x11',
      HOME: folder,
      GSETTINGS_BACKEND: 'memory',
      GIO_USE_VFS: 'local',
      NO_AT_BRIDGE: '1',
      // It needs privileges that containers lack, and nothing but our own pages is opened.
      WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1',
      ...settings,
    };
    const port = await freePort();
    const service = spawn(driver, [`--port=${port}`], { env: environment, stdio: 'ignore', detached: true });
    const started = new Driver(environment, `http://127.0.0.1:${port}`, folder, [service, screen]);
    await Promise.race([
      eventually('the driver', () => started.send('GET', '/status').then(() => true, () => undefined)),
      failure(service, driver),
    ]);
    return started;
  }

  /** An empty profile. It keeps to no authority's certificates. */
  async open(): Promise<Browser> {
    const timeouts = { pageLoad: 30_000, script: 10_000 };
    const capabilities = { alwaysMatch: { acceptInsecureCerts: true, timeouts } };
    const { sessionId } = (await this.send('POST', '/session', { capabilities })) as { sessionId: string };
    return new Browser((method, path, body) => this.send(method, `/session/${sessionId}${path}`, body));
  }

  async stop(): Promise<void> {
    for (const child of this.processes) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const ended = once(child, 'exit');
      process.kill(-child.pid!);
      await ended;
    }
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  private async send(method: string, path: string, body?: unknown): Promise<unknown> {
    const answer = await fetch(this.address + path, { method, body: body === undefined ? undefined : JSON.stringify(body) });
    const { value } = await answer.json();
    if (!answer.ok) throw new Refusal(value.error, `${value.message} (${method} ${path})`);
    return value;
  }
}

type Send = (method: string, path: string, body?: unknown) => Promise<unknown>;

/** A browser with its windows, which share a cookie jar. */
export class Browser {
  private before: Promise<unknown> = Promise.resolve();

  constructor(private readonly send: Send) {}

  /** The window that is there from the start. */
  async firstWindow(): Promise<Window> {
    return this.window(String(await this.send('GET', '/window')));
  }

  async newWindow(): Promise<Window> {
    const { handle } = (await this.send('POST', '/window/new', { type: 'window' })) as { handle: string };
    return this.window(handle);
  }

  async close(): Promise<void> {
    await this.send('DELETE', '');
  }

  /** Commands go to the window that was chosen last: choosing and the command are one turn. */
  private window(handle: string): Window {
    return new Window((method, path, body) => {
      const turn = this.before.then(async () => {
        await this.send('POST', '/window', { handle });
        return this.send(method, path, body);
      });
      this.before = turn.catch(() => {});
      return turn;
    });
  }
}

/** One window. */
export class Window {
  constructor(private readonly send: Send) {}

  async open(url: string): Promise<void> {
    await this.send('POST', '/url', { url });
  }

  async reload(): Promise<void> {
    await this.send('POST', '/refresh', {});
  }

  async back(): Promise<void> {
    await this.send('POST', '/back', {});
  }

  async url(): Promise<URL> {
    return new URL(String(await this.send('GET', '/url')));
  }

  async title(): Promise<string> {
    return String(await this.send('GET', '/title'));
  }

  async resize(width: number, height: number): Promise<void> {
    await this.send('POST', '/window/rect', { width, height });
  }

  /** A picture of it, PNG. */
  async screenshot(): Promise<Buffer> {
    return Buffer.from(String(await this.send('GET', '/screenshot')), 'base64');
  }

  /** What a function body returns, run in the page. */
  async run<T>(script: string, ...args: unknown[]): Promise<T> {
    return (await this.send('POST', '/execute/sync', { script, args })) as T;
  }

  /** The elements of a role that are shown and that the browser calls so, as it tells screen readers. */
  async all(role: Role, name: string | RegExp, within = 'body'): Promise<Element[]> {
    const value = `:is(${within}) :is(${ROLES[role]})`;
    const found = (await this.send('POST', '/elements', { using: 'css selector', value })) as { [ELEMENT]: string }[];
    const fitting = [];
    for (const reference of found) {
      const element = new Element(this.send, reference[ELEMENT]);
      const isIt = async () => fits(name, await element.name()) && element.isShown();
      if (await isIt().catch(unlessGone(false))) fitting.push(element);
    }
    return fitting;
  }

  /** The only one of them, once it is there. */
  find(role: Role, name: string | RegExp, within?: string): Promise<Element> {
    return eventually(`one ${role} “${name}”`, async () => {
      const [first, ...others] = await this.all(role, name, within);
      return others.length === 0 ? first : undefined;
    });
  }
}

/** An element of a window's page. */
export class Element {
  constructor(private readonly command: Send, private readonly id: string) {}

  async name(): Promise<string> {
    return String(await this.send('GET', 'computedlabel'));
  }

  async isShown(): Promise<boolean> {
    return (await this.send('GET', 'displayed')) === true;
  }

  async text(): Promise<string> {
    return String(await this.send('GET', 'text'));
  }

  async attribute(name: string): Promise<string | null> {
    return (await this.send('GET', `attribute/${name}`)) as string | null;
  }

  async click(): Promise<void> {
    // By itself the driver refuses what it has to scroll to.
    const args = [{ [ELEMENT]: this.id }];
    await this.command('POST', '/execute/sync', { script: 'arguments[0].scrollIntoView({ block: "nearest" })', args });
    await this.send('POST', 'click', {});
  }

  /** Types it in place of what is there. */
  async fill(text: string): Promise<void> {
    await this.send('POST', 'clear', {});
    await this.send('POST', 'value', { text });
  }

  private send(method: string, what: string, body?: unknown): Promise<unknown> {
    return this.command(method, `/element/${this.id}/${what}`, body);
  }
}

/** Looks until there is something; what was replaced while it was looked at counts as not there yet. */
export async function eventually<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + 15_000;
  for (;;) {
    const found = await look().catch(unlessGone(undefined));
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`${what} did not come within 15 s`);
    await new Promise((wake) => setTimeout(wake, 30));
  }
}

/** What counts instead of the answer when the page has gone on without the element; WebKit has no name for it then. */
function unlessGone<T>(instead: T): (error: unknown) => T {
  return (error) => {
    if (error instanceof Refusal && ['stale element reference', 'unknown error'].includes(error.code)) return instead;
    throw error;
  };
}

function fits(wanted: string | RegExp, name: string): boolean {
  return typeof wanted === 'string' ? name === wanted : wanted.test(name);
}

async function failure(child: ChildProcess, program: string): Promise<never> {
  const [code] = await once(child, 'exit');
  throw new Error(`${program} ended with ${code}`);
}
