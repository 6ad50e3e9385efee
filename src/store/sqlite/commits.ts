/**
 * Group commit: writes that are asked for at about the same time share one transaction, and so one flush of the disk.
 *
 * Problem: a durable commit costs a flush (milliseconds), whether it holds one row or a hundred; and SQLite works in the thread of the event
 * loop, so waiting for another process's lock would stop everything else.
 *
 * Solution: each write is a synchronous closure. What gathers during one turn of the event loop runs in one BEGIN IMMEDIATE. A closure that throws undoes only
 * itself: then the whole is rolled back and done again with a savepoint around each, which seldom happens, while a savepoint around every write would cost a third of it.
 * So a closure may run twice, and must touch nothing but the database. Every promise settles after COMMIT. When the lock is held elsewhere, SQLite itself
 * waits a few milliseconds only; then the event loop goes on, and it is tried again after a random pause until the deadline of the write.
 *
 * A write that nothing outside this machine rests on (a claim: whoever holds it dies in the same power cut) asks for no flush: a commit of such writes alone is kept when
 * every process is killed, but not when the power goes, and costs next to nothing. The next flush makes it durable with all before it.
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

interface Pending {
  readonly work: () => unknown;
  readonly isFlushed: boolean;
  readonly deadline: number;
  readonly resolve: (value: unknown) => void;
  readonly reject: (thrown: unknown) => void;
}

export class Commits {
  private pending: Pending[] = [];
  private scheduled = false;
  /** A write of the next batch threw when it shared a transaction without savepoints. */
  private careful = false;
  /** Whether SQLite now flushes at each commit. */
  private flushes: boolean | undefined;
  private readonly frame: Frame;
  private readonly database: Database.Database;
  private readonly deadlineMs: number;
  private readonly begin: Database.Statement;
  private readonly commit: Database.Statement;
  private readonly rollback: Database.Statement;
  private readonly inSavepoint: (work: () => unknown) => unknown;

  constructor(database: Database.Database, deadlineMs: number, frame: Frame) {
    this.frame = frame;
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
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(() => this.flush());
  }

  private flush(): void {
    this.scheduled = false;
    try {
      this.setFlush(this.pending.slice(0, LARGEST_BATCH).some(({ isFlushed }) => isFlushed));
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
      const settlements = careful ? batch.map((write) => this.attempt(write)) : this.together(batch);
      if (settlements === undefined) this.again(batch);
      else {
        this.frame.end();
        this.commit.run();
        for (const settle of settlements) settle();
      }
    } catch (thrown) {
      this.undo();
      for (const { reject } of batch) reject(asStoreError(thrown, this.database.name));
    }
    if (this.pending.length > 0) this.schedule();
  }

  private setFlush(flushes: boolean): void {
    if (flushes === this.flushes) return;
    // Not prepared: SQLite obeys this one when it reads it, and not when it runs it.
    this.database.exec(`PRAGMA synchronous = ${flushes ? 'FULL' : 'NORMAL'}`);
    this.flushes = flushes;
  }

  /** Runs the writes; answers how to settle their promises after the commit, or undefined when one of several threw. */
  private together(batch: readonly Pending[]): (() => void)[] | undefined {
    try {
      return batch.map(({ work, resolve }) => {
        const value = work();
        return () => resolve(value);
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

  /** Runs one write; answers how to settle its promise after the commit. Throws when SQLite gave up the whole transaction (disk full, input/output error). */
  private attempt({ work, resolve, reject }: Pending): () => void {
    try {
      const value = this.inSavepoint(work);
      return () => resolve(value);
    } catch (thrown) {
      if (!this.database.inTransaction) throw thrown;
      return () => reject(asStoreError(thrown, this.database.name));
    }
  }

  private postpone(cause: unknown): void {
    const now = performance.now();
    const late = (write: Pending) => write.deadline <= now;
    for (const write of this.pending.filter(late)) write.reject(storeBusy(this.database.name, cause));
    this.pending = this.pending.filter((write) => !late(write));
    if (this.pending.length === 0) return;
    this.scheduled = true;
    setTimeout(() => this.flush(), pause());
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
