/**
 * Tells listeners that something may have become claimable: after a commit of this process at once, after another process's commit within some milliseconds.
 *
 * Every commit of any process appends to the write-ahead log, and the operating system tells who watches that file. The log grows just before the commit is
 * visible, so a notice is followed by a few looks, further and further apart, until SQLite says that another connection has committed (`data_version`,
 * which a commit of this connection leaves alone). Nothing runs while nothing is written, and nothing here keeps the process alive.
 */

import { type FSWatcher, watch } from 'node:fs';

/** Milliseconds before each look after a notice. The last ones are for a disk, or a machine, that is slow. */
const PAUSES = [1, 5, 10, 25, 60, 150, 750];

export class Wake {
  private readonly logFile: string;
  private readonly changedElsewhere: () => boolean;
  private readonly anyDue: () => boolean;
  private readonly listeners = new Set<() => void>();
  private watcher: FSWatcher | undefined;
  private timer: NodeJS.Timeout | undefined;
  /** Which look the timer stands for. */
  private next = 0;
  private called = false;

  /** `changedElsewhere` says whether another connection has committed since it was last asked; `anyDue` whether a claim would find a job. */
  constructor(logFile: string, changedElsewhere: () => boolean, anyDue: () => boolean) {
    this.logFile = logFile;
    this.changedElsewhere = changedElsewhere;
    this.anyDue = anyDue;
  }

  add(listener: () => void): () => void {
    // A wrapper, so that the same function given twice is two listeners.
    const entry = () => listener();
    this.listeners.add(entry);
    this.watcher ??= this.watchLog();
    return () => {
      this.listeners.delete(entry);
      if (this.listeners.size === 0) this.close();
    };
  }

  /** Calls the listeners, once for all commits of this turn of the event loop, and outside the caller's stack. */
  soon(): void {
    if (this.called || this.listeners.size === 0) return;
    this.called = true;
    setImmediate(() => {
      this.called = false;
      for (const listener of this.listeners) listener();
    });
  }

  close(): void {
    this.listeners.clear();
    this.watcher?.close();
    this.watcher = undefined;
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  /** Where the system cannot watch (no watches left, a strange disk), hints come from this process only. */
  private watchLog(): FSWatcher | undefined {
    try {
      this.changedElsewhere();
      return watch(this.logFile, { persistent: false }, () => this.noticed()).on('error', () => {});
    } catch {
      return undefined;
    }
  }

  /** Starts the looks over; but a first look that is due is left alone, so that notices without end do not put it off for ever. */
  private noticed(): void {
    if (this.timer === undefined || this.next > 0) this.lookLater(0);
  }

  private lookLater(next: number): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.next = next;
    const pause = PAUSES[next];
    if (pause !== undefined) this.timer = setTimeout(() => this.look(), pause).unref();
  }

  private look(): void {
    if (this.answers(this.changedElsewhere)) {
      this.timer = undefined;
      if (this.answers(this.anyDue)) this.soon();
    } else {
      this.lookLater(this.next + 1);
    }
  }

  /** A question that cannot be answered now counts as yes: calling without cause is allowed. */
  private answers(question: () => boolean): boolean {
    try {
      return question();
    } catch {
      return true;
    }
  }
}
