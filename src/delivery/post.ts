/**
 * One POST to a stranger's server, which may do anything: answer nothing, drip, redirect to an address that nobody allowed, or never end its answer.
 *
 * So there is one deadline for all of it; a redirect is an answer and is not followed; and what is said is read only as far as is needed to use the connection again, and then
 * thrown away. The status alone counts: once it is there, a body that never ends changes nothing.
 *
 * Not with `fetch`, which keeps to what browsers may do: it calls no port of a list (6000, 10080 and some eighty others), and takes an answer of 407 for none.
 */

import http from 'node:http';
import https from 'node:https';
import { version } from '../package.js';

export type Answer =
  | {
      readonly status: number;
      /** Milliseconds that the server asks to be left alone for. */
      readonly retryAfterMs?: number;
    }
  | { readonly failure: string };

/** Never rejects: whatever goes wrong is an answer. */
export type Poster = (
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string,
  timeoutMs: number,
) => Promise<Answer>;

/** Bytes of an answer that are read; with more the connection is closed. */
const LARGEST_ANSWER = 16_384;
/** Milliseconds that a connection is kept for the next call: less than what most servers keep one for, who would close it just when it is used. */
const KEPT_MS = 4_000;

const kept = { keepAlive: true, timeout: KEPT_MS, maxFreeSockets: 32 };
const ways = new Map([
  ['http:', { agent: new http.Agent(kept), request: http.request }],
  ['https:', { agent: new https.Agent(kept), request: https.request }],
]);

export const post: Poster = (url, headers, body, timeoutMs) =>
  new Promise((resolve) => {
    const way = waysOf(url);
    if (!way) return resolve({ failure: 'no http address' });
    const signal = AbortSignal.timeout(timeoutMs);
    // Another protocol, or an upgrade to one (101), is no answer.
    let answer: Answer = { failure: 'no answer' };
    const call = way.request(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        'user-agent': `storyfarm/${version}`,
        ...headers,
      },
      agent: way.agent,
      signal,
    });
    call.on('response', (response) => {
      const retryAfterMs = Number(response.headers['retry-after'] ?? Number.NaN) * 1000;
      answer = { status: response.statusCode as number, ...(retryAfterMs > 0 && { retryAfterMs }) };
      let bytes = 0;
      response.on('data', (piece: Buffer) => {
        bytes += piece.byteLength;
        if (bytes > LARGEST_ANSWER) response.destroy();
      });
      // Cut off, or too slow: the status was there.
      response.on('error', () => {});
    });
    call.on('error', (error) => {
      if ('status' in answer) return;
      answer = { failure: signal.aborted ? `no answer within ${timeoutMs} ms` : reasonOf(error) };
    });
    call.on('close', () => resolve(answer));
    call.end(body);
  });

const waysOf = (url: string) => (URL.canParse(url) ? ways.get(new URL(url).protocol) : undefined);

/** Such as ECONNREFUSED. */
function reasonOf(error: Error): string {
  const { code, message } = error as { readonly code?: unknown; readonly message: string };
  return String(code || message || 'unknown');
}
