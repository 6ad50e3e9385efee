/**
 * The uploads of one attempt: each file begins when it is whole; the attempt waits for all of them at its end.
 *
 * One that is ended when its last byte has gone out may be there a moment later, when what is there has been deleted. So its answer is waited for, though not for long; what comes later still is the sweeper's.
 */

import { statSync } from 'node:fs';
import { basename } from 'node:path';
import { StoryfarmError } from '../../errors.js';
import type { Objects } from './objects.js';

const MEDIA_TYPES: Readonly<Record<string, string>> = { mp4: 'video/mp4', jpg: 'image/jpeg' };

/** Milliseconds that the answer to a whole file may take when the file is not wanted any more. */
const ANSWER_MS = 1_000;

interface Upload {
  readonly ender: AbortController;
  readonly done: Promise<void>;
  readonly bytes: number;
  sent: number;
}

export class Uploads {
  readonly #objects: Objects;
  readonly #beginning: string;
  readonly #id: string;
  readonly #byName = new Map<string, Upload>();
  #isOver = false;
  #told: () => void = () => {};

  /** `beginning` is what the keys begin with, `id` the job's. */
  constructor(objects: Objects, beginning: string, id: string) {
    this.#objects = objects;
    this.#beginning = beginning;
    this.#id = id;
  }

  /** Begins with a file, unless it has begun. */
  add(path: string): void {
    const name = basename(path);
    if (this.#byName.has(name)) return;
    const about = {
      mediaType: MEDIA_TYPES[name.split('.').at(-1) ?? ''] ?? 'application/octet-stream',
      // The beginning of the id keeps the downloads of several jobs apart.
      name: `${this.#id.slice(0, 8)}-${name}`,
    };
    const ender = new AbortController();
    if (this.#isOver) ender.abort();
    const upload: Upload = {
      ender,
      bytes: statSync(path).size,
      sent: 0,
      done: this.#objects.put(this.#beginning + name, path, about, {
        signal: ender.signal,
        onBytes: (sent) => {
          upload.sent = sent;
          this.#told();
        },
      }),
    };
    upload.done.catch(() => this.#end()); // The others are not needed any more. Whoever waits is told why.
    this.#byName.set(name, upload);
  }

  /** Resolves when all are there; rejects with what the first to fail failed of, and ends the others. `onProgress` is told a fraction of all bytes. */
  async done(signal?: AbortSignal, onProgress: (fraction: number) => void = () => {}): Promise<void> {
    const uploads = [...this.#byName.values()];
    const all = uploads.reduce((sum, { bytes }) => sum + bytes, 0);
    this.#told = () => onProgress(Math.min(1, uploads.reduce((sum, { sent }) => sum + sent, 0) / Math.max(1, all)));
    const end = () => this.#end();
    signal?.addEventListener('abort', end, { once: true });
    if (signal?.aborted) end();
    try {
      const results = await Promise.allSettled(uploads.map(({ done }) => done));
      const reasons = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
      const isEnd = (reason: unknown) => reason instanceof StoryfarmError && reason.code === 'aborted';
      if (reasons.length > 0) throw reasons.find((reason) => !isEnd(reason)) ?? reasons[0];
    } finally {
      signal?.removeEventListener('abort', end);
      this.#told = () => {};
    }
  }

  /** Ends what has not ended; resolves when nothing goes up any more. */
  async stop(): Promise<void> {
    this.#end();
    await Promise.allSettled([...this.#byName.values()].map(({ done }) => done));
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const { ender, sent, bytes, done } of this.#byName.values()) {
      if (sent < bytes) ender.abort();
      else {
        const timer = setTimeout(() => ender.abort(), ANSWER_MS);
        const answered = () => clearTimeout(timer);
        done.then(answered, answered);
      }
    }
  }
}
