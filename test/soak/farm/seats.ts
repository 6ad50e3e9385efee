/** Who sits where and works at what, as the farm's log tells it: so that the soak knows which job a kill hit, and when the seat was filled again. Pure. */

import type { Line } from './keeper.js';

export interface Attempt {
  readonly id: string;
  readonly fence: number;
}

/** A renderer that was killed in its seat. Instants are milliseconds since the epoch. */
export interface Hit {
  readonly at: number;
  readonly slot: number;
  readonly attempt: Attempt | undefined;
  /** When the seat had a renderer again that was ready. */
  refilledAt: number | undefined;
}

interface Seat {
  renderer: number;
  attempt: Attempt | undefined;
}

/** How the end of an attempt is told. */
const ENDS = ['job rendered', 'job failed', 'job dead', 'job given back', 'lease lost'];

export class Seats {
  readonly hits: Hit[] = [];
  readonly #seats = new Map<number, Seat>();
  #open: Hit[] = [];
  #standbys: number[] = [];

  hear(line: Line): void {
    const at = Date.parse(line.time);
    const [slot, renderer] = [Number(line.slot), Number(line.renderer)];
    if (line.msg === 'renderer ready' || line.msg === 'standby ready') this.#admit(slot, renderer, at);
    else if (line.msg === 'renderer recycled') this.#sit(slot, Number(line.standby), at);
    // One that is seated before it has booted will say when it is ready.
    else if (line.msg === 'standby seated' && this.#standbys.includes(renderer)) this.#sit(slot, renderer, at);
    // A death is told by its cause.
    else if (line.msg === 'renderer gone' || (line.renderer !== undefined && line.code !== undefined))
      this.#vacate(slot, renderer);
    else if (line.msg === 'job assigned') this.#assign(slot, attemptIn(line));
    else if (ENDS.some((start) => line.msg.startsWith(start))) this.#finish(attemptIn(line));
  }

  /** The renderer in a seat; 0 when none is known. */
  rendererIn(slot: number): number {
    return this.#seats.get(slot)?.renderer ?? 0;
  }

  /** Notes that a process was killed; nothing when it has no seat. */
  killed(pid: number, at: number): void {
    for (const [slot, { renderer, attempt }] of this.#seats) {
      if (renderer !== pid) continue;
      const hit = { at, slot, attempt, refilledAt: undefined };
      this.hits.push(hit);
      this.#open.push(hit);
    }
  }

  /** The farm is gone: nothing more will be said of these. */
  forget(): void {
    this.#seats.clear();
    this.#open = [];
    this.#standbys = [];
  }

  /** A standby boots under no seat's number, or under that of a seat in which another sits. */
  #admit(slot: number, renderer: number, at: number): void {
    if (slot < 0 || this.#seats.has(slot)) this.#standbys.push(renderer);
    else this.#sit(slot, renderer, at);
  }

  #sit(slot: number, renderer: number, at: number): void {
    this.#standbys = this.#standbys.filter((standby) => standby !== renderer);
    this.#seats.set(slot, { renderer, attempt: undefined });
    for (const hit of this.#open) if (hit.slot === slot) hit.refilledAt = at;
    this.#open = this.#open.filter((hit) => hit.slot !== slot);
  }

  #vacate(slot: number, renderer: number): void {
    this.#standbys = this.#standbys.filter((standby) => standby !== renderer);
    if (this.#seats.get(slot)?.renderer !== renderer) return;
    this.#seats.delete(slot);
  }

  #assign(slot: number, attempt: Attempt | undefined): void {
    const seat = this.#seats.get(slot);
    if (seat) seat.attempt = attempt;
  }

  #finish(attempt: Attempt | undefined): void {
    for (const seat of this.#seats.values())
      if (attempt && seat.attempt?.id === attempt.id && seat.attempt.fence === attempt.fence) seat.attempt = undefined;
  }
}

/** The attempt that a line is about. */
export function attemptIn({ job }: Line): Attempt | undefined {
  if (typeof job !== 'object' || job === null) return undefined;
  const { id, fence } = job as { id?: unknown; fence?: unknown };
  return typeof id === 'string' && typeof fence === 'number' ? { id, fence } : undefined;
}
