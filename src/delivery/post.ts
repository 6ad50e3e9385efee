/**
 * One POST to a stranger's server, which may do anything: answer nothing, drip, redirect to an address that nobody allowed, or never end its answer.
 *
 * So there is one deadline for all of it; a redirect is an answer and is not followed; and what is said is read only as far as is needed to use the connection again, and then
 * thrown away. The status alone counts: once it is there, a body that never ends changes nothing.
 */

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

export const post: Poster = async (url, headers, body, timeoutMs) => {
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'user-agent': `storyfarm/${version}`, ...headers },
      body,
      redirect: 'manual',
      signal,
    });
    await drain(response.body);
    const retryAfterMs = Number(response.headers.get('retry-after') ?? Number.NaN) * 1000;
    return { status: response.status, ...(retryAfterMs > 0 && { retryAfterMs }) };
  } catch (error) {
    return { failure: signal.aborted ? `no answer within ${timeoutMs} ms` : reasonOf(error) };
  }
};

async function drain(body: ReadableStream<Uint8Array> | null): Promise<void> {
  let bytes = 0;
  try {
    // Leaving the loop cancels the rest.
    for await (const piece of body ?? []) {
      bytes += piece.byteLength;
      if (bytes > LARGEST_ANSWER) break;
    }
  } catch {
    // Cut off, or too slow: the status was there.
  }
}

/** Such as ECONNREFUSED. `fetch` says only that it failed, and keeps the reason as its cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const { code, message } = cause as { readonly code?: unknown; readonly message?: unknown };
  return String(code ?? message ?? 'unknown');
}
