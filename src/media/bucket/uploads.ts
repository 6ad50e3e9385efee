/** The uploads of one attempt: each file begins when it is whole; the attempt waits for all of them at its end. */

import { statSync } from 'node:fs';
import { basename } from 'node:path';
import { StoryfarmError } from '../../errors.js';
import type { Objects } from './objects.js';

const MEDIA_TYPES: Readonly<Record<string, string>> = { mp4: 'video/mp4', jpg: 'image/jpeg' };

interface Upload {
  readonly done: Promise<void>;
  readonly bytes: number;
  sent: number;
}

export class Uploads {
  readonly #objects: Objects;
  readonly #beginning: string;
  readonly #id: string;
  readonly #byName = new Map<string, Upload>();
  readonly #ender = new AbortController();
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
    const upload: Upload = {
      bytes: statSync(path).size,
      sent: 0,
      done: this.#objects.put(this.#beginning + name, path, about, {
        signal: this.#ender.signal,
        onBytes: (sent) => {
          upload.sent = sent;
          this.#told();
        },
      }),
    };
    upload.done.catch(() => this.#ender.abort()); // The others are not needed any more. Whoever waits is told why.
    this.#byName.set(name, upload);
  }

  /** Resolves when all are there; rejects with what the first to fail failed of, and ends the others. `onProgress` is told a fraction of all bytes. */
  async done(signal?: AbortSignal, onProgress: (fraction: number) => void = () => {}): Promise<void> {
    const uploads = [...this.#byName.values()];
    const all = uploads.reduce((sum, { bytes }) => sum + bytes, 0);
    this.#told = () => onProgress(Math.min(1, uploads.reduce((sum, { sent }) => sum + sent, 0) / Math.max(1, all)));
    const end = () => this.#ender.abort(signal?.reason);
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
    this.#ender.abort();
    await Promise.allSettled([...this.#byName.values()].map(({ done }) => done));
  }
}
