/**
 * Group commit: writes that are asked for at about the same time share one transaction, and so one flush of the disk.
 *
 * Problem: a durable commit costs a flush (milliseconds), whether it holds one row or a hundred; and SQLite works in the thread of the event
 * loop, so waiting for the disk or for another process's lock would stop everything else.
 *
 * Solution: each write is a synchronous closure. What gathers during one turn of the event loop runs in one BEGIN IMMEDIATE. A closure that throws undoes only
 * itself: then the whole is rolled back and done again with a savepoint around each, which seldom happens, while a savepoint around every write would cost a third of it.
 * So a closure may run twice, and must touch nothing but the database. After COMMIT the lock is free again, and the log is flushed on another thread (file/log.ts); every
 * promise settles after that. What is asked for while the disk flushes gathers, and is the next commit. When the lock is held elsewhere, SQLite itself
 * waits a few milliseconds only; then the event loop goes on, and it is tried again after a random pause until the deadline of the write.
 *
 * So others may read what is not on the disk yet; when the power goes, they go too, and nobody has been promised anything. A write that nothing outside this machine
 * rests on (a claim: whoever holds it dies in the same power cut) asks for no flush and waits for none: it is kept when every process is killed, but not when the power goes.
 * The next flush makes it durable with all before it.
 *
 * Real timers and not a Clock: an unfinished write has to keep its process alive, and the lock that it waits for lives in real time.
 */

import type Database from 'better-sqlite3';
import { asStoreError, isBusy, storeBusy } from './faults.js';

/** Writes per transaction; keeps the event loop's longest pause to some ten milliseconds. */
const LARGEST_BATCH = 200;

/** What happens at the two ends of each transaction. */
export interface Frame {
  begin(): void;
  end(): void;
}

/** Where commits go. */
export interface Disk {
  /** Resolves when everything committed before is durable. */
  flush(): Promise<void>;
}

interface Pending {
  readonly work: () => unknown;
  readonly isFlushed: boolean;
  readonly deadline: number;
  readonly resolve: (value: unknown) => void;
  readonly reject: (thrown: unknown) => void;
}

/** A write that was done, and how to settle its promise once that is sure. */
interface Done {
  readonly write: Pending;
  readonly settle: () => void;
}

export class Commits {
  private pending: Pending[] = [];
  private scheduled = false;
  /** Committed, and waiting for a flush; while the disk flushes, for the next one. */
  private unflushed: Done[] = [];
  private flushing = false;
  /** A write of the next batch threw when it shared a transaction without savepoints. */
  private careful = false;
  private readonly frame: Frame;
  private readonly disk: Disk;
  private readonly database: Database.Database;
  private readonly deadlineMs: number;
  private readonly begin: Database.Statement;
  private readonly commit: Database.Statement;
  private readonly rollback: Database.Statement;
  private readonly inSavepoint: (work: () => unknown) => unknown;

  constructor(database: Database.Database, deadlineMs: number, frame: Frame, disk: Disk) {
    this.frame = frame;
    this.disk = disk;
    database.pragma('synchronous = NORMAL');
    this.database = database;
    this.deadlineMs = deadlineMs;
    this.begin = database.prepare('BEGIN IMMEDIATE');
    this.commit = database.prepare('COMMIT');
    this.rollback = database.prepare('ROLLBACK');
    // Inside a transaction, better-sqlite3 makes this a savepoint.
    this.inSavepoint = database.transaction((work: () => unknown) => work());
  }

  /**
   * Runs the closure in a transaction; resolves with its value once that is on the disk, or, without `isFlushed`, once it is committed. Rejects with what it threw, or
   * `store_busy`; then it left nothing.
   */
  write<T>(work: () => T, isFlushed = true): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const deadline = performance.now() + this.deadlineMs;
      this.pending.push({ work, isFlushed, deadline, resolve: resolve as (value: unknown) => void, reject });
      this.schedule();
    });
  }

  private schedule(): void {
    if (this.scheduled || (this.flushing && this.pending.every(({ isFlushed }) => isFlushed))) return;
    this.scheduled = true;
    setImmediate(() => this.run());
  }

  private run(): void {
    this.scheduled = false;
    try {
      this.begin.run();
    } catch (thrown) {
      if (isBusy(thrown)) this.postpone(thrown);
      else for (const { reject } of this.pending.splice(0)) reject(asStoreError(thrown, this.database.name));
      return;
    }
    const batch = this.pending.splice(0, LARGEST_BATCH);
    const careful = this.careful;
    this.careful = false;
    try {
      this.frame.begin();
      const done = careful ? batch.map((write) => this.attempt(write)) : this.together(batch);
      if (done === undefined) this.again(batch);
      else {
        this.frame.end();
        this.commit.run();
        this.finish(done);
      }
    } catch (thrown) {
      this.undo();
      for (const { reject } of batch) reject(asStoreError(thrown, this.database.name));
    }
    if (this.pending.length > 0) this.schedule();
  }

  private finish(done: readonly Done[]): void {
    for (const one of done) {
      if (one.write.isFlushed) this.unflushed.push(one);
      else one.settle();
    }
    void this.flush();
  }

  /** One flush at a time, for all that was committed before it began. */
  private async flush(): Promise<void> {
    if (this.flushing || this.unflushed.length === 0) return;
    const flushed = this.unflushed.splice(0);
    this.flushing = true;
    try {
      await this.disk.flush();
      for (const { settle } of flushed) settle();
    } catch (thrown) {
      for (const { write } of flushed) write.reject(asStoreError(thrown, this.database.name));
    }
    this.flushing = false;
    void this.flush();
    if (this.pending.length > 0) this.schedule();
  }

  /** Runs the writes; undefined when one of several threw. */
  private together(batch: readonly Pending[]): Done[] | undefined {
    try {
      return batch.map((write) => {
        const value = write.work();
        return { write, settle: () => write.resolve(value) };
      });
    } catch (thrown) {
      if (batch.length === 1) throw thrown;
      return undefined;
    }
  }

  private again(batch: readonly Pending[]): void {
    this.undo();
    this.pending.unshift(...batch);
    this.careful = true;
  }

  private undo(): void {
    if (this.database.inTransaction) this.rollback.run();
  }

  /** Runs one write. Throws when SQLite gave up the whole transaction (disk full, input/output error). */
  private attempt(write: Pending): Done {
    try {
      const value = this.inSavepoint(write.work);
      return { write, settle: () => write.resolve(value) };
    } catch (thrown) {
      if (!this.database.inTransaction) throw thrown;
      return { write, settle: () => write.reject(asStoreError(thrown, this.database.name)) };
    }
  }

  private postpone(cause: unknown): void {
    const now = performance.now();
    const late = (write: Pending) => write.deadline <= now;
    for (const write of this.pending.filter(late)) write.reject(storeBusy(this.database.name, cause));
    this.pending = this.pending.filter((write) => !late(write));
    if (this.pending.length === 0) return;
    this.scheduled = true;
    setTimeout(() => this.run(), pause());
  }
}

/** Runs the closure, again and again while another process holds the lock it needs, until the deadline; then rejects with `store_busy`. */
export async function patiently<T>(work: () => T, file: string, deadlineMs: number): Promise<T> {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    try {
      return work();
    } catch (thrown) {
      if (!isBusy(thrown) || performance.now() >= deadline) throw asStoreError(thrown, file);
      await new Promise((resolve) => setTimeout(resolve, pause()));
    }
  }
}

/** Milliseconds, random so that processes which wait for the same lock do not come back together. */
const pause = (): number => 2 + Math.random() * 18;
