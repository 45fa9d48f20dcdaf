// The real server, as a process of its own with a folder of its own. Used by the `site` fixture.

import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { type Answer, type Sent, send } from './http.ts';
import type { Person } from './wearer.ts';

/** The server's durations, in seconds. */
export type Lifetimes = { access: number; retryWindow: number; settle: number; idle: number; absolute: number };

const BINARY = resolve(process.env.LANYARD_BIN ?? join(import.meta.dirname, '../../target/debug/lanyard'));

export class Server {
  /** Everything it has printed, over all its lives. */
  logs = '';
  private process: ChildProcess | undefined;

  private constructor(
    readonly port: number,
    readonly folder: string,
    private readonly flags: string[],
  ) {}

  /** Starts a server on a free port that believes it is reached at `publicUrl`. */
  static async start(publicUrl: string, lifetimes: Lifetimes): Promise<Server> {
    const port = await freePort();
    const folder = await mkdtemp(join(tmpdir(), 'lanyard-'));
    const server = new Server(port, folder, [
      '--addr', `127.0.0.1:${port}`,
      '--public-url', publicUrl,
      '--data-dir', folder,
      '--access-ttl', `${lifetimes.access}s`,
      '--retry-window', `${lifetimes.retryWindow}s`,
      '--settle', `${lifetimes.settle}s`,
      '--idle-ttl', `${lifetimes.idle}s`,
      '--absolute-ttl', `${lifetimes.absolute}s`,
      '--demo',
    ]);
    await server.start();
    return server;
  }

  /** Starts it, again with the same port and data, and waits until its database answers. */
  async start(): Promise<void> {
    const child = spawn(BINARY, this.flags, { env: environment(), stdio: ['ignore', 'pipe', 'pipe'] });
    this.process = child;
    child.stdout.on('data', (text) => (this.logs += text));
    child.stderr.on('data', (text) => (this.logs += text));
    child.on('error', (error) => (this.logs += `${error}\n`));
    const deadline = Date.now() + 20_000;
    // It says where it is once it listens; before that, whoever answers on the port is somebody else.
    const before = this.logs.length;
    while (!this.logs.slice(before).includes('Lanyard is at') || !(await this.isReady())) {
      if (child.exitCode !== null || child.pid === undefined || Date.now() > deadline) {
        throw new Error(`the server did not get ready: ${BINARY} ${this.flags.join(' ')}\n${this.logs}`);
      }
      await new Promise((wake) => setTimeout(wake, 30));
    }
  }

  /** Asks it to end and waits until it has. */
  async stop(): Promise<void> {
    await this.end('SIGTERM');
  }

  /** Ends it without asking, as a crash would. */
  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  /** Stops it, loses a file of its folder, or all of them, and starts it again over what is left. */
  async lose(what: 'master.keys' | 'everything'): Promise<void> {
    await this.stop();
    const lost = what === 'everything' ? await readdir(this.folder) : [what];
    for (const name of lost) await rm(join(this.folder, name));
    await this.start();
  }

  /** Sends a request past the proxy, as somebody with a tool of his own would. */
  send(method: string, path: string, sent: Sent = {}): Promise<Answer> {
    return send(this.port, method, path, sent);
  }

  /** Runs the command line beside the running server, with its database; returns what it printed. */
  async command(args: string[], input = ''): Promise<string> {
    const child = spawn(BINARY, [...args, '--data-dir', this.folder], { env: environment(), stdio: ['pipe', 'pipe', 'pipe'] });
    let printed = '';
    child.stdout.on('data', (text) => (printed += text));
    child.stderr.on('data', (text) => (printed += text));
    child.stdin.end(input);
    const [code] = await once(child, 'close');
    if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}:\n${printed}`);
    return printed;
  }

  /** Makes an administrator's account. */
  async makeAdmin({ name, email, password }: Person): Promise<void> {
    await this.command(['user', 'create', '--role', 'admin', '--password-stdin', name, email], password);
  }

  /** Every file that it keeps, by name. */
  async files(): Promise<Map<string, Buffer>> {
    const names = await readdir(this.folder, { recursive: true, withFileTypes: true });
    const files = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
    return new Map(await Promise.all(files.map(async (path) => [path, await readFile(path)] as const)));
  }

  /** Ends it and removes its folder. */
  async dispose(): Promise<void> {
    await this.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  private async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.process;
    this.process = undefined;
    if (!child?.pid || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    const patience = setTimeout(() => {
      this.logs += `no end within 10 s of ${signal}\n`;
      child.kill('SIGKILL');
    }, 10_000);
    await ended;
    clearTimeout(patience);
  }

  private async isReady(): Promise<boolean> {
    return this.send('GET', '/health/ready').then((answer) => answer.status === 200, () => false);
  }
}

/** This process's environment, without what configures the server. */
function environment(): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(LANYARD_|DATABASE_URL$)/.test(name));
  return Object.fromEntries(inherited);
}

/** A port that nobody listens on, below those that systems give out by themselves: nothing takes it meanwhile. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(10_000, 32_000);
    const probe = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      probe.on('error', () => resolve(false));
      probe.listen(port, '127.0.0.1', () => resolve(true));
    });
    if (!isFree) continue;
    probe.close();
    await once(probe, 'close');
    return port;
  }
}
