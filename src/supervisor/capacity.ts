/**
 * Where the time of the seats goes: every seat has a second for every second of the farm, and each is either there for jobs or lost, for a reason. Seats without work
 * lose nothing.
 */

/** `start`: nobody has sat there yet. `planned`: its renderer waits to be recycled and takes no job. `unplanned`: its renderer died, or the kernel lacks memory. */
export const LOSSES = ['start', 'planned', 'unplanned'] as const;
export type Loss = (typeof LOSSES)[number];

/** Milliseconds since it was last told. */
export interface Spent {
  readonly slots: number;
  readonly lost: Readonly<Record<Loss, number>>;
}

const nothing = (): Record<Loss, number> => ({ start: 0, planned: 0, unplanned: 0 });

export class Capacity {
  #at: number;
  #slots = 0;
  #lost = nothing();

  /** Instants are monotonic milliseconds. */
  constructor(now: number) {
    this.#at = now;
  }

  /** Notes the time since the last call; `losses` has an entry for every seat, as it was during that time. */
  note(now: number, losses: readonly (Loss | undefined)[]): void {
    const ms = now - this.#at;
    this.#at = now;
    this.#slots += ms * losses.length;
    for (const loss of losses) if (loss) this.#lost[loss] += ms;
  }

  /** What was noted since this was last called. */
  take(): Spent {
    const spent = { slots: this.#slots, lost: this.#lost };
    this.#slots = 0;
    this.#lost = nothing();
    return spent;
  }
}
