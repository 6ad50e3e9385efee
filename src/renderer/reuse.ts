/**
 * Whole-job reuse: when a partner wants it, a job that asks for exactly what an earlier one of the same partner asked for gets that one's files. In a folder they are linked, in a bucket copied by its
 * server, so that neither job depends on the other being kept.
 *
 * Every job of a partner is noted, also one that did not want reuse itself: whoever asks for it later does not know how the first was sent. The note of where the files are lies in the phrase cache
 * (0.6 kB and 0.1 ms of CPU a job), and is no more than a hint: files that are gone, have another size, or were changed in the folder since they were published mean that the job is rendered.
 */

import { basename, join } from 'node:path';
import * as z from 'zod';
import type { RenderOrder } from '../ipc/messages.js';
import type { Output } from '../job.js';
import { lookAt } from '../media/prepare/proof.js';
import type { Phrases } from '../media/splice/phrases.js';
import type { Attempt, Lent, Storage } from '../media/storage.js';
import { version } from '../package.js';

const note = z.object({
  folder: z.string(),
  outputs: z.array(z.custom<Output>((value) => typeof (value as Output | null)?.file === 'string')),
  /** By the file's name, in milliseconds since the epoch; empty for files in a bucket. */
  changedAt: z.record(z.string(), z.number()),
});

/** Borrows the files of an equal earlier job for this attempt, which has begun, and answers its outputs as this attempt's; undefined when there is none, or it is nobody's. */
export async function takeEarlier(
  order: RenderOrder,
  storage: Pick<Storage, 'borrow' | 'keyOf'>,
  phrases: Phrases,
): Promise<Output[] | undefined> {
  const known = order.partner === undefined ? undefined : phrases.get(keyOf(order));
  const earlier = known && readNote(known.toString('utf8'));
  if (!earlier) return undefined;
  const files = earlier.outputs.map(({ file, bytes }) => lent(basename(file), bytes, earlier.changedAt));
  if (!(await storage.borrow(order, earlier.folder, files))) return undefined;
  return earlier.outputs.map(({ key: _, ...output }) => placed(output, basename(output.file), order, storage));
}

const lent = (name: string, bytes: number, changedAt: Readonly<Record<string, number>>): Lent => ({
  name,
  bytes,
  changedAt: changedAt[name],
});

/** An output as the attempt's own. */
export function placed(
  output: Omit<Output, 'key'>,
  name: string,
  attempt: Attempt,
  storage: Pick<Storage, 'keyOf'>,
): Output {
  const key = storage.keyOf?.(attempt, name);
  return { ...output, file: `${attempt.fence}/${name}`, ...(key !== undefined && { key }) };
}

function readNote(text: string): z.infer<typeof note> | undefined {
  try {
    return note.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** Notes where the files of a job were published, and when each was last changed: nobody has a reason to touch it any more. */
export function noteFiles(order: RenderOrder, folder: string, outputs: readonly Output[], phrases: Phrases): void {
  const here = outputs.filter(({ key }) => key === undefined).map(({ file }) => basename(file));
  const changedAt = Object.fromEntries(here.map((name) => [name, lookAt(join(folder, name))?.mtimeMs]));
  phrases.put(keyOf(order), Buffer.from(JSON.stringify({ folder, outputs, changedAt })));
}

function keyOf({ partner = '', template, cast, words }: RenderOrder): string[] {
  const sorted = (record: Readonly<Record<string, string>>) => Object.entries(record).sort().flat();
  return ['job', version, partner, template.version, 'cast', ...sorted(cast), 'words', ...sorted(words)];
}
