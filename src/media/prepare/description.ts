/** `edition.json`: what an edition is, and what each of its files is. It is under a hash of its own, and says for whom it was made, so that one that is damaged, or another's, is none. */

import { readFileSync, type Stats } from 'node:fs';
import { basename, join } from 'node:path';
import * as z from 'zod';
import type { Cast, TemplateRef } from '../../job.js';
import { templateSchema } from '../../template/format.js';
import { sha256, unseal } from '../digest.js';
import { lookAt } from './proof.js';

/** Raise when footage.ts makes something else of the same template, or editions are described in another way. */
export const FORMAT = 3;

export const DESCRIPTION = 'edition.json';

const described = z.strictObject({
  format: z.literal(FORMAT),
  ref: z.strictObject({ id: z.string(), version: z.string() }),
  cast: z.record(z.string(), z.string()),
  ffmpeg: z.string(),
  template: templateSchema,
  /** By file name: bytes, for a look at every job; SHA-256 in hex, for when the file is used. */
  files: z.record(z.string(), z.strictObject({ bytes: z.int(), sha256: z.string() })),
});

export type Described = z.output<typeof described>;

/** The name of an edition's folder: everything it depends on. */
export function nameOf(ref: TemplateRef, cast: Cast, ffmpeg: string): string {
  const parts = Object.entries(cast).sort(([a], [b]) => a.localeCompare(b));
  return sha256(JSON.stringify([FORMAT, ref.version, parts, ffmpeg])).slice(0, 24);
}

/** How many descriptions a process remembers. */
const MOST_KNOWN = 64;

/** Descriptions as they were last read, by folder. */
export class Descriptions {
  readonly #known = new Map<string, { readonly at: Stats; readonly description: Described }>();

  /** Of the edition in a folder; undefined when there is none, or it is damaged, of another version, or another's. In one go: it is asked for every job, and mostly remembered. */
  in(folder: string): Described | undefined {
    const path = join(folder, DESCRIPTION);
    const at = lookAt(path);
    const before = this.#known.get(folder);
    if (at && before?.at.mtimeMs === at.mtimeMs && before.at.ino === at.ino && before.at.size === at.size)
      return before.description;
    this.#known.delete(folder);
    // A pipe, opened, would keep this process until somebody writes into it.
    const description = at?.isFile() ? read(path) : undefined;
    if (at && description) this.#known.set(folder, { at, description });
    const [oldest] = this.#known.keys();
    if (this.#known.size > MOST_KNOWN && oldest !== undefined) this.#known.delete(oldest);
    return description;
  }
}

function read(path: string): Described | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
  const { data } = described.safeParse(unseal(text));
  const folder = basename(join(path, '..'));
  return data && nameOf(data.ref, data.cast, data.ffmpeg) === folder ? data : undefined;
}
