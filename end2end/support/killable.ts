// A Chromium that can be killed. Playwright ends its browsers in order; this one is a process of our own, with
// its profile on disk, to which Playwright connects.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type Page, chromium } from '@playwright/test';

import { find } from '../browsers.mjs';

export class KillableChromium {
  private process: ChildProcess | undefined;
  private connection: Browser | undefined;

  private constructor(private readonly profile: string) {}

  static async create(): Promise<KillableChromium> {
    return new KillableChromium(await mkdtemp(join(tmpdir(), 'lanyard-killable-')));
  }

  /** Starts it with its profile and opens a tab. */
  async open(): Promise<Page> {
    const path = find('chromium')?.path;
    if (!path) throw new Error('no Chromium');
    const asRoot = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
    const child = spawn(path, [
      '--headless=new', '--remote-debugging-port=0', `--user-data-dir=${this.profile}`, '--password-store=basic',
      '--no-first-run', '--no-default-browser-check', '--disable-dev-shm-usage', '--hide-crash-restore-bubble',
      ...asRoot, 'about:blank',
      // A process group of its own, so that killing it leaves none of its helpers to write cookies after all.
    ], { detached: true, stdio: ['ignore', 'ignore', 'pipe'] });
    this.process = child;
    this.connection = await chromium.connectOverCDP(await address(child));
    const [context] = this.connection.contexts();
    if (!context) throw new Error('Chromium has no profile open');
    return context.newPage();
  }

  /** SIGKILL for it and all its helpers; returns once it is gone. */
  async kill(): Promise<void> {
    const child = this.process;
    this.process = undefined;
    if (!child?.pid) return;
    const gone = once(child, 'exit');
    process.kill(-child.pid, 'SIGKILL');
    await gone;
    await this.connection?.close().catch(() => {});
  }

  async dispose(): Promise<void> {
    await this.kill();
    await rm(this.profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

/** Where it listens, which it says once it is ready. */
function address(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.on('error', reject);
    child.on('exit', (code) => reject(new Error(`Chromium ended (${code}):\n${text}`)));
    child.stderr?.on('data', (chunk) => {
      text += chunk;
      const match = /DevTools listening on (ws:\S+)/.exec(text);
      if (match?.[1]) resolve(match[1]);
    });
  });
}
