/** The queue as lanes (turns.ts): the first job of each, found by stepping through the index; and what holds partners, templates and requirements back. */

import { hasAll, tagsIn } from '../../../tags.js';
import type { Share } from '../../store.js';
import type { Lane } from '../../turns.js';
import type { Statements } from './statements.js';

/** Comes before every lane. */
const START = { partner: '', template: '', priority: Number.MIN_SAFE_INTEGER, requires: '' };

/** Who may not be taken from. */
interface Held {
  isHeld(lane: Lane): boolean;
}

export class Lanes {
  private readonly sql: Statements;

  constructor(sql: Statements) {
    this.sql = sql;
  }

  /** Every lane with a queued job, due or not. */
  *all(): Generator<Lane> {
    let lane = this.sql.lane.get(START);
    while (lane !== undefined) {
      yield lane;
      const { partner, template, priority, requires } = lane;
      lane = this.sql.lane.get({ partner, template, priority, requires });
    }
  }

  /** Jobs rendering now, by partner. */
  atWork(): Map<string, number> {
    return new Map(this.sql.atWork.all().map(({ partner, rendering }) => [partner, rendering]));
  }

  /** How the queue is divided. */
  shares(now: number): readonly Share[] {
    const key = ({ partner, template }: Pick<Share, 'partner' | 'template'>) => JSON.stringify([partner, template]);
    const shares = new Map(this.sql.waiting.all({ now }).map((share) => [key(share), { ...share, rendering: 0 }]));
    for (const job of this.sql.rendering.all()) {
      const share = shares.get(key(job)) ?? { ...job, queued: 0, due: 0, rendering: 0 };
      shares.set(key(job), { ...share, rendering: share.rendering + 1 });
    }
    const order = (a: string, b: string) => (a < b ? -1 : Number(a > b));
    return [...shares.values()].sort((a, b) => order(a.partner, b.partner) || order(a.template, b.template));
  }

  /**
   * Who is held back: paused, or with as many jobs rendering, by `atWork` as it then stands, as its limit allows; or by what it requires and is not among the tags, if there are to be
   * any.
   */
  held(atWork: () => ReadonlyMap<string, number>, tags?: readonly string[]): Held {
    const most = new Map(this.sql.limits.all().map((limit) => [limit.partner, limit.most]));
    const paused = { partner: new Set<string>(), template: new Set<string>() };
    for (const { kind, name } of this.sql.pauses.all()) paused[kind].add(name);
    return {
      isHeld: ({ partner, template, requires }) =>
        (tags !== undefined && requires !== '' && !hasAll(tags, tagsIn(requires))) ||
        paused.partner.has(partner) ||
        paused.template.has(template) ||
        (most.has(partner) && (atWork().get(partner) ?? 0) >= (most.get(partner) ?? 0)),
    };
  }

  /** Whether a claim would find a job, by a server with these tags; left out: by any. */
  anyDue(now: number, tags?: readonly string[]): boolean {
    let counted: ReadonlyMap<string, number> | undefined;
    const held = this.held(() => {
      counted ??= this.atWork();
      return counted;
    }, tags);
    for (const lane of this.all()) if (lane.runAt <= now && !held.isHeld(lane)) return true;
    return false;
  }

  /** How many queued jobs are due, held back or not, and since when the first is; `queued` is the number of all. */
  due(queued: number, now: number): { readonly due: number; readonly oldestDueMs: number } {
    let [later, first] = [0, now];
    for (const { runAt, partner, template, priority, requires } of this.all()) {
      later += this.sql.laterInLane.get({ partner, template, priority, requires, now })?.jobs ?? 0;
      first = Math.min(first, runAt);
    }
    return { due: queued - later, oldestDueMs: now - first };
  }
}
