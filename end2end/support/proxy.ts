// The network between browser and server: it counts, remembers, delays, loses and lies. Used by the `site`
// fixture, so every test's browser goes through one.

import { EventEmitter, once } from 'node:events';
import {
  type IncomingHttpHeaders, type IncomingMessage, type Server as HttpServer, type ServerResponse, createServer, request,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';

import type { Certificate } from './certificate.ts';

/** One request and what became of it. */
export type Exchange = {
  /** When it arrived, in milliseconds since the Unix epoch. */
  at: number;
  method: string;
  /** With its query. */
  path: string;
  sent: IncomingHttpHeaders;
  sentBody: string;
  /** 0 as long as nothing was answered, and when nothing ever is. */
  status: number;
  got: IncomingHttpHeaders;
  gotBody: string;
  /** Who answered; the browser does not see what was `lost`. */
  by: 'server' | 'proxy' | 'nobody' | 'lost';
};

/** What is done about a request instead of passing it on. */
export type Trouble =
  /** The connection breaks before the server hears of it. */
  | { kind: 'refuse' }
  /** The server does what it was asked, its answer is lost; only answers that `which` says, if it is there. */
  | { kind: 'lose'; which?: (exchange: Exchange) => boolean }
  /** The server does what it was asked; the head of its answer arrives, and half of the body. */
  | { kind: 'cut' }
  /** Something in between answers itself. */
  | { kind: 'answer'; status: number; type: string; body: string }
  /** It is passed on only once the trouble is over. */
  | { kind: 'hold' };

/** A trouble that was made, until it is over. */
export class Rule {
  /** How many requests it has struck. */
  hits = 0;
  readonly over: Promise<void>;
  private active = true;
  private finish!: () => void;

  constructor(readonly path: string, readonly trouble: Trouble, private readonly times: number) {
    this.over = new Promise((resolve) => (this.finish = resolve));
  }

  /** Passes on what was held and strikes no more. */
  end(): void {
    this.active = false;
    this.finish();
  }

  strikes(path: string): boolean {
    const asked = this.path.includes('?') ? path : plain(path);
    return this.active && this.hits < this.times && asked === this.path;
  }
}

export class Proxy {
  /** Every request, in the order of arrival. */
  readonly log: Exchange[] = [];
  /** The server's port; set once it is known. */
  target = 0;
  /** Whether no cookie passes, in neither direction: as in a browser that refuses them. */
  dropsCookies = false;
  private readonly rules: Rule[] = [];
  private readonly sockets = new Set<Socket>();
  private readonly done = new EventEmitter();
  private isAway = false;

  private constructor(private readonly http: HttpServer, readonly port: number, private readonly scheme: 'http' | 'https') {
    http.on('connection', (socket) => {
      if (this.isAway) return socket.destroy();
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
      socket.on('error', () => {});
    });
    http.on('request', (incoming, answer) => void this.pass(incoming, answer));
  }

  /** With a certificate, browsers reach it by TLS. */
  static async start(certificate?: Certificate): Promise<Proxy> {
    const options = { keepAliveTimeout: 30_000 };
    const http = certificate ? createTlsServer({ ...options, ...certificate }) : createServer(options);
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    const address = http.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return new Proxy(http, address.port, certificate ? 'https' : 'http');
  }

  /** What a browser calls it. */
  get url(): string {
    return `${this.scheme}://localhost:${this.port}`;
  }

  /** Makes trouble for this path, with any query or only with its own, so many times or until the rule is ended. */
  trouble(path: string, trouble: Trouble, times = Infinity): Rule {
    const rule = new Rule(path, trouble, times);
    this.rules.push(rule);
    return rule;
  }

  /** Breaks every connection and lets nobody in. */
  leave(): void {
    this.isAway = true;
    for (const socket of this.sockets) socket.destroy();
  }

  /** Lets everybody in again. */
  comeBack(): void {
    this.isAway = false;
  }

  /** The requests for this path so far. */
  seen(path: string, method = 'POST'): Exchange[] {
    return this.log.filter((exchange) => exchange.method === method && plain(exchange.path) === path);
  }

  /** The next answer to this path that fits, from now on; an error when none comes for so many seconds. */
  next(path: string, fits: (exchange: Exchange) => boolean = () => true, patience = 30): Promise<Exchange> {
    const answer = new Promise<Exchange>((resolve, reject) => {
      const look = (exchange: Exchange) => {
        if (plain(exchange.path) !== path || !fits(exchange)) return;
        this.done.off('exchange', look);
        clearTimeout(timer);
        resolve(exchange);
      };
      this.done.on('exchange', look);
      const timer = setTimeout(() => {
        this.done.off('exchange', look);
        reject(new Error(`no such answer to ${path} came within ${patience} s`));
      }, patience * 1000).unref();
    });
    // A test that failed before it came to wait for this has its own error to tell.
    answer.catch(() => {});
    return answer;
  }

  async stop(): Promise<void> {
    for (const rule of this.rules) rule.end();
    this.leave();
    this.http.close();
    await once(this.http, 'close');
  }

  private async pass(incoming: IncomingMessage, answer: ServerResponse): Promise<void> {
    const exchange: Exchange = {
      at: Date.now(), method: incoming.method ?? '', path: incoming.url ?? '', sent: incoming.headers, sentBody: '',
      status: 0, got: {}, gotBody: '', by: 'nobody',
    };
    this.log.push(exchange);
    try {
      const body = await collect(incoming);
      exchange.sentBody = body.toString();
      await this.answer(exchange, body, answer);
    } catch {
      // The server is away, or the browser gave up: either sees a broken connection.
      answer.destroy();
    }
    this.done.emit('exchange', exchange);
  }

  private async answer(exchange: Exchange, body: Buffer, answer: ServerResponse): Promise<void> {
    const rule = this.rules.find((rule) => rule.strikes(exchange.path));
    const trouble = rule?.trouble;
    if (rule && trouble && trouble.kind !== 'lose') rule.hits += 1;
    if (trouble?.kind === 'refuse') {
      answer.destroy();
      return;
    }
    if (trouble?.kind === 'answer') {
      Object.assign(exchange, { status: trouble.status, gotBody: trouble.body, by: 'proxy' });
      answer.writeHead(trouble.status, { 'content-type': trouble.type }).end(trouble.body);
      return;
    }
    if (trouble?.kind === 'hold') await rule?.over;
    const got = await this.forward(exchange, body);
    const content = await collect(got);
    const text = /json|html|text/.test(got.headers['content-type'] ?? '') ? content.toString() : '';
    Object.assign(exchange, { status: got.statusCode ?? 0, got: got.headers, gotBody: text, by: 'server' });
    if (rule?.strikes(exchange.path) && trouble?.kind === 'lose' && (trouble.which?.(exchange) ?? true)) {
      rule.hits += 1;
      exchange.by = 'lost';
      answer.destroy();
      return;
    }
    const { 'transfer-encoding': _, ...headers } = got.headers;
    if (this.dropsCookies) delete headers['set-cookie'];
    if (trouble?.kind === 'cut') {
      answer.writeHead(exchange.status, { ...headers, 'content-length': content.length });
      answer.write(content.subarray(0, content.length / 2), () => answer.destroy());
      return;
    }
    answer.writeHead(exchange.status, headers).end(content);
  }

  private forward(exchange: Exchange, body: Buffer): Promise<IncomingMessage> {
    const { cookie, ...others } = exchange.sent;
    const headers = this.dropsCookies || cookie === undefined ? others : exchange.sent;
    return new Promise((resolve, reject) => {
      const outgoing = request({
        host: '127.0.0.1', port: this.target, method: exchange.method, path: exchange.path, headers, agent: false,
      });
      outgoing.on('error', reject);
      outgoing.on('response', resolve);
      outgoing.end(body);
    });
  }
}

/** A path without its query. */
function plain(path: string): string {
  return path.split('?')[0] ?? path;
}

function collect(message: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    message.on('data', (chunk) => chunks.push(chunk));
    message.on('error', reject);
    message.on('end', () => resolve(Buffer.concat(chunks)));
  });
}
