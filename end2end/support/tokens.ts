// Reading what the server hands out, as `docs` and http.md describe it. Tests look into tokens; the product's
// client never does.

import { createHash } from 'node:crypto';

import type { Exchange } from './proxy.ts';

export const REFRESH = '__Secure-lanyard-refresh';
export const HINT = '__Host-lanyard-hint';

/** What one can read in a refresh token. */
export type RefreshToken = { text: string; sid: string; generation: number; secret: Buffer };

export function readRefreshToken(text: string): RefreshToken {
  const raw = Buffer.from(text.replace(/^lrt1_/, ''), 'base64url');
  if (!text.startsWith('lrt1_') || raw.length !== 72) throw new Error('not a refresh token');
  const hex = raw.subarray(0, 16).toString('hex');
  const sid = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  return { text, sid, generation: raw.readUInt32BE(20), secret: raw.subarray(24, 56) };
}

/** The hint cookie's value that goes with a refresh token. */
export function hintOf({ sid, generation }: RefreshToken): string {
  const digest = createHash('sha256').update(Buffer.from(sid.replaceAll('-', ''), 'hex')).digest();
  return `${digest.subarray(0, 8).toString('base64url')}.${generation}`;
}

/** The refresh token that came along with a request. */
export function shown(exchange: Exchange): RefreshToken | undefined {
  const match = new RegExp(`${REFRESH}=([^;]+)`).exec(exchange.sent.cookie ?? '');
  return match?.[1] ? readRefreshToken(match[1]) : undefined;
}

/** A cookie as the server set it: its value and its attributes, names in lower case. */
export type SetCookie = { value: string; attributes: Map<string, string> };

export function setCookie(exchange: Exchange, name: string): SetCookie | undefined {
  for (const line of exchange.got['set-cookie'] ?? []) {
    const [pair = '', ...rest] = line.split(/;\s*/);
    if (!pair.startsWith(`${name}=`)) continue;
    const attributes = rest.map((attribute): [string, string] => {
      const [key = '', value = ''] = attribute.split('=');
      return [key.toLowerCase(), value];
    });
    return { value: pair.slice(name.length + 1), attributes: new Map(attributes) };
  }
  return undefined;
}

/** The refresh token that an answer put into the cookie jar. */
export function handedOut(exchange: Exchange): RefreshToken | undefined {
  const cookie = setCookie(exchange, REFRESH);
  return cookie?.value ? readRefreshToken(cookie.value) : undefined;
}

/** The access token that came along with a request: its text and its claims. */
export function badge(exchange: Exchange): { text: string; sub: string; sid: string; gen: number } | undefined {
  const text = /^Bearer (.+)$/.exec(exchange.sent.authorization ?? '')?.[1];
  const claims = text?.split('.')[1];
  if (!text || !claims) return undefined;
  return { text, ...JSON.parse(Buffer.from(claims, 'base64url').toString()) };
}
