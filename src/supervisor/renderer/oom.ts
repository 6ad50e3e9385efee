/**
 * Whether a process was ended by the kernel for want of memory. Its SIGKILL looks like anybody's; but the kernel counts what it kills, over the control group of
 * this farm or, where that cannot be read, over the machine.
 *
 * A kill that nobody claims (ffmpeg's, told later by its renderer, or another program's) is forgotten two looks later: a death after that has another cause.
 */

import { join } from 'node:path';
import { textOf } from './proc.js';

/** The kills so far; undefined where nothing counts them. */
export function readOomKills(): number | undefined {
  const places = oomCounters(textOf('/proc/self/cgroup'));
  for (const place of [...places, '/proc/vmstat']) {
    const count = /^oom_kill (\d+)$/m.exec(textOf(place))?.[1];
    if (count !== undefined) return Number(count);
  }
  return undefined;
}

/** Where the control groups that are named in /proc/self/cgroup count kills: version 2 first. */
export function oomCounters(groups: string): string[] {
  const lines = groups.split('\n').map((line) => /^\d+:([^:]*):(.*)$/.exec(line));
  const pathOf = (isIt: (controllers: string[]) => boolean) =>
    lines.find((found) => found && isIt((found[1] ?? '').split(',')))?.[2];
  const unified = pathOf(([first]) => first === '');
  const memory = pathOf((controllers) => controllers.includes('memory'));
  return [
    ...(unified === undefined ? [] : [join('/sys/fs/cgroup', unified, 'memory.events')]),
    ...(memory === undefined ? [] : [join('/sys/fs/cgroup/memory', memory, 'memory.oom_control')]),
  ];
}

export class OomWatch {
  readonly #read: () => number | undefined;
  /** Kills that are claimed or forgotten, and those that will be at the next look. */
  #settled: number;
  #seen: number;

  constructor(read: () => number | undefined = readOomKills) {
    this.#read = read;
    this.#seen = read() ?? 0;
    this.#settled = this.#seen;
  }

  /** To be called now and then. */
  look(): void {
    this.#settled = Math.max(this.#settled, this.#seen);
    this.#seen = this.#read() ?? 0;
  }

  /** Whether there is a kill that nobody has claimed. It is claimed now. */
  claim(): boolean {
    if ((this.#read() ?? 0) <= this.#settled) return false;
    this.#settled++;
    return true;
  }
}
