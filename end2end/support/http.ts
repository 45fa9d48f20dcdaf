// One HTTP request, exactly as asked: no cookie jar, no header that a browser would add.

import { request } from 'node:http';

/** What goes along with a request. */
export type Sent = { headers?: Record<string, string>; body?: string | Buffer };

/** What came back. */
export type Answer = { status: number; headers: Record<string, string | string[] | undefined>; body: string };

/** Sends one request to a port of this machine. */
export function send(port: number, method: string, path: string, { headers = {}, body }: Sent): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const outgoing = request({ host: '127.0.0.1', port, method, path, agent: false, headers: { ...length, ...headers } });
    outgoing.on('error', reject);
    outgoing.on('response', (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk) => chunks.push(chunk));
      incoming.on('error', reject);
      incoming.on('end', () =>
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: Buffer.concat(chunks).toString() }));
    });
    outgoing.end(body);
  });
}
