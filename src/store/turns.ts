/**
 * Whose turn it is: the order in which `claim` takes jobs (store.ts), as a pure decision that every adapter shares.
 *
 * Problem: with one queue for all, a partner with ten thousand jobs stands before everyone else, and a job of low priority waits as long as urgent ones keep coming.
 *
 * Solution: the queue is seen as lanes, one for each partner, template, priority and requirement (tags.ts). Within a lane the order is plain, so a lane is known by its first job, and the
 * database finds that with one step into an index. A choice looks at the first jobs of the lanes alone.
 *
 * Ageing lifts a job up to the highest priority that waits and no further: else a partner's old backlog would stand above the new jobs of the others, and the share
 * between partners would never be asked.
 */

/** The first job of a lane, which is due. */
export interface Lane {
  readonly seq: number;
  readonly partner: string;
  readonly template: string;
  readonly priority: number;
  /** Tags as one text. */
  readonly requires: string;
  readonly runAt: number;
}

/** How a partner stands. */
export interface Standing {
  /** Jobs rendering now, on all servers. */
  readonly rendering: number;
  /** Grows with each job given; that of the partner's last one, 0 for none. */
  readonly turn: number;
}

/** The lane whose first job is taken next, or undefined when there are no lanes. All lanes are due at `now` and may be taken from. */
export function nextTurn(
  lanes: readonly Lane[],
  standing: (partner: string) => Standing,
  now: number,
  ageingMs: number,
): Lane | undefined {
  const top = Math.max(...lanes.map(({ priority }) => priority));
  const aged = ({ priority, runAt }: Lane) => Math.min(top, priority + Math.floor((now - runAt) / ageingMs));
  const before = (a: Lane, b: Lane): number => {
    const [one, other] = [standing(a.partner), standing(b.partner)];
    return (
      aged(b) - aged(a) ||
      one.rendering - other.rendering ||
      one.turn - other.turn ||
      a.runAt - b.runAt ||
      a.seq - b.seq
    );
  };
  return lanes.reduce<Lane | undefined>((first, lane) => (first && before(first, lane) <= 0 ? first : lane), undefined);
}
