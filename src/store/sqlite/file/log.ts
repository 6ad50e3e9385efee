/**
 * The write-ahead log as a file on a disk: makes durable what was committed to it.
 *
 * SQLite would flush inside COMMIT (`synchronous = FULL`): there the flush holds the lock of all writers and the thread of the event loop for as long as the disk takes,
 * milliseconds and at times a hundred of them. So it only writes (`NORMAL`), and the flush is called here, on a thread of its own, after the commit: it covers every
 * commit before it, whoever made it. A checkpoint flushes the log before it copies and the database after that, and only then is the log written over; so a commit that was
 * copied meanwhile is as safe as one that is still in the log. SQLite puts no locks on the log, so another descriptor of it does no harm.
 *
 * The log is a new file whenever the first process opens the store; its name is made durable at once, as SQLite would with its first flush.
 *
 * A flush that failed may have lost what it should have written, and the next one would not know. From then on a checkpoint has to prove what the flush cannot: it copies
 * all commits into the database and flushes that.
 */

import { closeSync, fdatasync, fsyncSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import type Database from 'better-sqlite3';
import { StoryfarmError } from '../../../errors.js';

const flushFile = promisify(fdatasync);

export class LogFile {
  private readonly name: string;
  private readonly checkpoint: Database.Statement<[], { busy: number; log: number; checkpointed: number }>;
  private readonly descriptor: number;
  private readonly flushData: (descriptor: number) => Promise<void>;
  private isDoubtful = false;

  /** The database has to be in the mode of a write-ahead log, and read before, so that there is one. */
  constructor(database: Database.Database, flushData = flushFile) {
    this.name = database.name;
    this.flushData = flushData;
    this.checkpoint = database.prepare('PRAGMA wal_checkpoint(FULL)');
    // For writing: Windows flushes no other.
    this.descriptor = openSync(`${database.name}-wal`, 'r+');
    flushName(database.name);
  }

  /** Resolves when everything committed before the call is on the disk. Rejects with `internal` when that is not known. */
  async flush(): Promise<void> {
    try {
      if (this.isDoubtful) this.prove();
      else await this.flushData(this.descriptor);
    } catch (cause) {
      this.isDoubtful = true;
      throw new StoryfarmError('internal', `The disk of ${this.name} did not flush what was written.`, { cause });
    }
  }

  close(): void {
    closeSync(this.descriptor);
  }

  private prove(): void {
    const row = this.checkpoint.get();
    if (row?.busy !== 0 || row.log !== row.checkpointed) throw new Error('The log could not be copied as a whole.');
    this.isDoubtful = false;
  }
}

/** Makes the names of new files beside this one durable. Windows does so by itself, and opens no folders. */
function flushName(path: string): void {
  if (process.platform === 'win32') return;
  const folder = openSync(dirname(path), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
