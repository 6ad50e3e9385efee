/**
 * The calls under way at one open file: each waits its turn and for locks, all are waited for before the file is closed, and afterwards there are no more.
 */

import type Database from 'better-sqlite3';
import { StoryfarmError } from '../../errors.js';
import { Commits, type Frame, patiently } from './commits.js';
import { LogFile } from './file/log.js';

/** Of a write: the power cut that undoes it ends the attempt that it is about. */
export const UNFLUSHED = false;

/** The same for the steps of a longer call, which is counted as a whole (`track`). */
export interface Steps {
  write<T>(work: () => T, isFlushed?: boolean): Promise<T>;
  read<T>(work: () => T): Promise<T>;
  /** Makes everything that was committed durable. */
  flush(): Promise<void>;
}

export class Calls {
  readonly steps: Steps;
  private readonly database: Database.Database;
  private readonly log: LogFile;
  private readonly underWay = new Set<Promise<unknown>>();
  private closing: Promise<void> | undefined;

  constructor(database: Database.Database, deadlineMs: number, frame: Frame) {
    this.database = database;
    const log = new LogFile(database);
    this.log = log;
    const commits = new Commits(database, deadlineMs, frame, log);
    this.steps = {
      write: (work, isFlushed) => commits.write(work, isFlushed),
      read: (work) => patiently(work, database.name, deadlineMs),
      flush: () => log.flush(),
    };
  }

  /** In a transaction, as Commits has it. Rejects with `unavailable` after `close`, as do the others. */
  write<T>(work: () => T, isFlushed?: boolean): Promise<T> {
    return this.track(() => this.steps.write(work, isFlushed));
  }

  read<T>(work: () => T): Promise<T> {
    return this.track(() => this.steps.read(work));
  }

  async track<T>(start: () => Promise<T>): Promise<T> {
    this.assertOpen();
    const call = start();
    this.underWay.add(call);
    try {
      return await call;
    } finally {
      this.underWay.delete(call);
    }
  }

  assertOpen(): void {
    if (this.closing !== undefined) throw new StoryfarmError('unavailable', 'The store is closed.');
  }

  /** Closing twice is closing once. */
  close(): Promise<void> {
    this.closing ??= this.finish();
    return this.closing;
  }

  private async finish(): Promise<void> {
    await Promise.allSettled(this.underWay);
    this.log.close();
    this.database.close();
  }
}
