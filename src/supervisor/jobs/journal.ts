/**
 * The journal: outcomes that the store has not taken yet, kept on the disk, so that a render which is finished is not lost with the supervisor that wanted to write it down.
 *
 * One outcome a line, checksum and JSON, flushed before it counts. The next supervisor reads what is there at its start and writes it under the fence of the old claim. So a
 * line may stay too long without harm: an outcome that the store has already is recognised in the job's history, and one that came too late is refused by the fence.
 * That allows the file to be simple: lines are appended, also those that say that an outcome is settled, until enough are useless; and it goes when all are settled.
 *
 * A line that a dying machine tore, or a disk has damaged, is left out, and its job rendered again. That is told, and the file as it was is kept beside, one at most: what
 * it says of a disk is of use to a person, and to nobody else.
 *
 * What it does not do: hold what the person typed. A released job is not kept either: taking the lease back at the start comes to the same.
 */

import { open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { StoryfarmError } from '../../errors.js';
import { sync } from '../../media/storage.js';
import type { Lease } from '../../store/store.js';
import { type Entry, keyOf, lineOf, readLines, settledLine } from './journal-lines.js';

export interface Journal {
  /** What is kept: by earlier lives, and by this one. */
  entries(): Promise<readonly Entry[]>;
  /** Keeps an outcome; when it resolves, it survives a power cut. Answers whether it was new. Rejects as writing a file does; then it may be tried again. */
  keep(entry: Entry): Promise<boolean>;
  /** The outcome is settled, in the store or for good without it. */
  forget(lease: Lease): Promise<void>;
}

/** What was found damaged when the file was read. */
export interface Damage {
  /** Left out: lines, and bytes of the file. */
  readonly lines: number;
  readonly bytes: number;
  /** Outcomes that are whole. */
  readonly kept: number;
  /** Where the file as it was is kept; undefined when that failed, by `error`. */
  readonly aside: string | undefined;
  readonly error?: unknown;
}

/** Useless lines in the file before it is written anew. */
const MOST_USELESS = 100;

/**
 * The journal of the one farm that uses a data folder. Calls may overlap; they are done in their order. The first of them reads the file: it rejects with `config_invalid` when a
 * folder is in its place, and tells `damaged` what is not whole.
 */
export function openJournal(dataFolder: string, damaged: (damage: Damage) => void = () => {}): Journal {
  return new FileJournal(join(dataFolder, 'outcomes.journal'), damaged);
}

class FileJournal implements Journal {
  readonly #file: string;
  readonly #damaged: (damage: Damage) => void;
  /** Undefined until the file was read. */
  #entries: Map<string, Entry> | undefined;
  /** Lines in the file, and whether the last one may be torn. */
  #lines = 0;
  #isTorn = false;
  #last: Promise<unknown> = Promise.resolve();

  constructor(file: string, damaged: (damage: Damage) => void) {
    this.#file = file;
    this.#damaged = damaged;
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
    const content = await contentOf(this.#file);
    const { entries: whole, lines, dropped } = readLines(content);
    const entries = new Map(whole.map((entry) => [keyOf(entry), entry]));
    this.#lines = lines;
    this.#isTorn = dropped.lines > 0;
    if (this.#isTorn) this.#damaged({ ...dropped, kept: entries.size, ...(await this.#putAside(content, entries)) });
    // Left by a life that was killed before its first line was there, or after its last was settled.
    else if (entries.size === 0) await this.#rewrite(entries).catch(() => {});
    this.#entries = entries;
    return entries;
  }

  /** First the copy, then the journal without what is damaged: at no moment is what is whole in one place only. */
  async #putAside(content: Buffer, entries: ReadonlyMap<string, Entry>): Promise<Pick<Damage, 'aside' | 'error'>> {
    const aside = `${this.#file}.damaged`;
    try {
      await write(aside, 'w', content);
    } catch (error) {
      return { aside: undefined, error };
    }
    // Where this fails, it is done before the next line.
    await this.#rewrite(entries).catch(() => {});
    return { aside };
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

/** Empty where there is no file. */
async function contentOf(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return Buffer.alloc(0);
    if (code !== 'EISDIR') throw error;
    throw new StoryfarmError('config_invalid', `${file} is a folder, and results are to be kept there.`, {
      hint: 'Move the folder away and start again.',
      cause: error,
      file,
    });
  }
}

async function write(file: string, flag: 'a' | 'w', content: string | Buffer): Promise<void> {
  const handle = await open(file, flag);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
