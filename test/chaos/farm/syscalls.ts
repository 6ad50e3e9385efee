/** What strace saw, as far as it concerns the disk and the answers of a front, in the order in which it happened. */

import assert from 'node:assert/strict';

/** A flush counts when it has ended; anything else when it begins. */
export interface Call {
  readonly kind: 'sync' | 'rename' | 'write' | 'answer';
  /** A path; of an answer its status. */
  readonly what: string;
}

/** Reads what `strace -f -y` wrote. */
export function syscallsIn(trace: string): Call[] {
  const calls: Call[] = [];
  /** Flushes under way, by thread. */
  const flushing = new Map<string, string>();
  for (const line of trace.split('\n')) {
    const [, thread = '', text = ''] = /^(\d+) +(.*)$/.exec(line) ?? [];
    const flushed = /^f(?:data)?sync\(\d+<([^>]*)>(.*)/.exec(text);
    if (flushed?.[2]?.includes('<unfinished')) flushing.set(thread, flushed[1] ?? '');
    else if (flushed) calls.push({ kind: 'sync', what: flushed[1] ?? '' });
    else if (/^<\.\.\. f(?:data)?sync resumed>/.test(text))
      calls.push({ kind: 'sync', what: flushing.get(thread) ?? '' });
    const renamed = /^rename(?:at2?)?\((?:[^"]*)"([^"]*)"/.exec(text)?.[1];
    if (renamed !== undefined) calls.push({ kind: 'rename', what: renamed });
    const written = /^pwrite64\(\d+<([^>]*)>/.exec(text)?.[1];
    if (written !== undefined) calls.push({ kind: 'write', what: written });
    const answered = /^(?:write|writev|sendto|sendmsg)\(.*?"HTTP\/1\.1 (\d+)/.exec(text)?.[1];
    if (answered !== undefined) calls.push({ kind: 'answer', what: answered });
  }
  return calls;
}

/** Each of these happened, and a first one of each after the first of the one before. */
export function assertOrder(calls: readonly Call[], ...wanted: readonly (readonly [Call['kind'], string])[]): void {
  let from = 0;
  for (const [kind, what] of wanted) {
    const path = what.replace(/\/$/, '');
    const at = calls.findIndex((call, index) => index >= from && call.kind === kind && call.what === path);
    assert.ok(
      at >= 0,
      `no ${kind} of ${path} after ${calls
        .slice(0, from)
        .map((c) => `${c.kind} ${c.what}`)
        .join(', ')}`,
    );
    from = at + 1;
  }
}
