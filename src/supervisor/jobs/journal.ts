/**
 * The journal: outcomes that the store has not taken yet, kept on the disk, so that a render which is finished is not lost with the supervisor that wanted to write it down.
 *
 * One outcome a line, checksum and JSON, flushed before it counts. The next supervisor reads what is there at its start and writes it under the fence of the old claim. So a
 * line may stay too long without harm: an outcome that the store has already is recognised in the job's history, and one that came too late is refused by the fence.
 * That allows the file to be simple: lines are appended, also those that say that an outcome is settled, until enough are useless; and it goes when all are settled. A line that a
 * dying machine tore is left out, and its job rendered again.
 *
 * What it does not do: hold what the person typed. A released job is not kept either: taking the lease back at the start comes to the same.
 */

import { createHash } from 'node:crypto';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { sync } from '../../media/storage.js';
import type { Lease } from '../../store/store.js';
import type { Fate } from '../decisions/fate.js';

export interface Entry extends Lease {
  readonly fate: Exclude<Fate, { readonly event: 'released' }>;
}

export interface Journal {
  /** What is kept: by earlier lives, and by this one. */
  entries(): Promise<readonly Entry[]>;
  /** Keeps an outcome; when it resolves, it survives a power cut. Answers whether it was new. Rejects as writing a file does; then it may be tried again. */
  keep(entry: Entry): Promise<boolean>;
  /** The outcome is settled, in the store or for good without it. */
  forget(lease: Lease): Promise<void>;
}

/** Useless lines in the file before it is written anew. */
const MOST_USELESS = 100;

/** The journal of the one farm that uses a data folder. Calls may overlap; they are done in their order. */
export function openJournal(dataFolder: string): Journal {
  return new FileJournal(join(dataFolder, 'outcomes.journal'));
}

class FileJournal implements Journal {
  readonly #file: string;
  /** Undefined until the file was read. */
  #entries: Map<string, Entry> | undefined;
  /** Lines in the file, and whether the last one may be torn. */
  #lines = 0;
  #isTorn = false;
  #last: Promise<unknown> = Promise.resolve();

  constructor(file: string) {
    this.#file = file;
  }

  entries(): Promise<readonly Entry[]> {
    return this.#inTurn(async (entries) => [...entries.values()]);
  }

  keep(entry: Entry): Promise<boolean> {
    return this.#inTurn(async (entries) => {
      if (entries.has(keyOf(entry))) return false;
      entries.set(keyOf(entry), entry);
      try {
        if (this.#isTorn) await this.#rewrite(entries);
        else await this.#append(lineOf(entry));
        return true;
      } catch (error) {
        entries.delete(keyOf(entry));
        throw error;
      }
    });
  }

  forget(lease: Lease): Promise<void> {
    return this.#inTurn(async (entries) => {
      if (!entries.delete(keyOf(lease))) return;
      const isUseless = entries.size === 0 || this.#lines - entries.size > MOST_USELESS;
      if (isUseless || this.#isTorn) await this.#rewrite(entries);
      else await this.#append(settledLine(lease));
    });
  }

  #inTurn<T>(work: (entries: Map<string, Entry>) => Promise<T>): Promise<T> {
    const turn = this.#last.then(async () => work(await this.#read()));
    this.#last = turn.catch(() => {});
    return turn;
  }

  async #read(): Promise<Map<string, Entry>> {
    if (this.#entries) return this.#entries;
    const text = await readFile(this.#file, 'utf8').catch((error) => {
      if (error.code === 'ENOENT') return '';
      throw error;
    });
    const { entries, lines, isTorn } = readLines(text);
    this.#lines = lines;
    this.#isTorn = isTorn;
    this.#entries = new Map(entries.map((entry) => [keyOf(entry), entry]));
    return this.#entries;
  }

  async #append(line: string): Promise<void> {
    // Until it is whole, what follows it must not be written behind it.
    this.#isTorn = true;
    await write(this.#file, 'a', line);
    if (this.#lines === 0) await sync(dirname(this.#file));
    this.#lines++;
    this.#isTorn = false;
  }

  async #rewrite(entries: ReadonlyMap<string, Entry>): Promise<void> {
    if (entries.size === 0) await rm(this.#file, { force: true });
    else {
      const beside = `${this.#file}.part`;
      await write(beside, 'w', [...entries.values()].map(lineOf).join(''));
      await rename(beside, this.#file);
      await sync(dirname(this.#file));
    }
    this.#lines = entries.size;
    this.#isTorn = false;
  }
}

/** One outcome as it stands in the file. */
export const lineOf = ({ id, fence, fate }: Entry): string => checked({ id, fence, fate });

const settledLine = ({ id, fence }: Lease): string => checked({ id, fence });

const checked = (line: Lease & { readonly fate?: Entry['fate'] }): string => {
  const json = JSON.stringify(line);
  return `${checksum(json)} ${json}\n`;
};

/** What the whole lines of a journal come to; `isTorn` when something in it is not one. */
export function readLines(text: string): {
  readonly entries: readonly Entry[];
  readonly lines: number;
  readonly isTorn: boolean;
} {
  const lines = text.split('\n');
  // Behind the last line end there is nothing, unless what stands there was torn.
  let isTorn = lines.pop() !== '';
  const entries = new Map<string, Entry>();
  for (const line of lines) {
    const [, sum, json = ''] = /^([0-9a-f]{16}) (.*)$/.exec(line) ?? [];
    if (sum !== checksum(json)) {
      isTorn = true;
      continue;
    }
    const entry: Entry = JSON.parse(json);
    if (entry.fate) entries.set(keyOf(entry), entry);
    else entries.delete(keyOf(entry));
  }
  return { entries: [...entries.values()], lines: lines.length, isTorn };
}

const checksum = (json: string): string => createHash('sha256').update(json).digest('hex').slice(0, 16);

const keyOf = ({ id, fence }: Lease): string => `${fence} ${id}`;

async function write(file: string, flag: 'a' | 'w', text: string): Promise<void> {
  const handle = await open(file, flag);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
