/** Claiming, inside a transaction that somebody else began: the jobs whose turn it is, one after the other. */

import type { Job, JobRequest } from '../../../job.js';
import { tagsIn } from '../../../tags.js';
import { type ClaimOptions, DEFAULT_AGEING_MS } from '../../store.js';
import { type Lane, nextTurn } from '../../turns.js';
import type { Moment } from '../moment.js';
import { Lanes } from './lanes.js';
import { fromJson, type Statements } from './statements.js';

export class Claim {
  private readonly sql: Statements;
  private readonly moment: Moment;
  private readonly lanes: Lanes;

  constructor(sql: Statements, moment: Moment) {
    this.sql = sql;
    this.moment = moment;
    this.lanes = new Lanes(sql);
  }

  take({ server, limit, leaseMs, ageingMs = DEFAULT_AGEING_MS, tags = [] }: ClaimOptions): readonly Job[] {
    const now = this.moment.now;
    const atWork = this.lanes.atWork();
    const held = this.lanes.held(() => atWork, tags);
    const turns = new Map<string, number>();
    const standing = (partner: string) => ({
      rendering: atWork.get(partner) ?? 0,
      turn: turns.get(partner) ?? this.turn(turns, partner),
    });

    let open = [...this.lanes.all()].filter((lane) => lane.runAt <= now && !held.isHeld(lane));
    const given = new Map<string, number>();
    const jobs: Job[] = [];
    while (jobs.length < limit) {
      const lane = nextTurn(open, standing, now, ageingMs);
      if (lane === undefined) break;
      const stamp = this.moment.stamp();
      const { partner, template, priority, requires } = lane;
      jobs.push(this.give(lane, { ...stamp, server, leaseMs }));
      atWork.set(partner, (atWork.get(partner) ?? 0) + 1);
      turns.set(partner, stamp.revision);
      given.set(partner, stamp.revision);
      const rest = this.sql.restOfLane.get({ partner, template, priority, requires });
      open = open.filter((other) => other !== lane && !held.isHeld(other));
      if (rest !== undefined && rest.runAt <= now && !held.isHeld(rest)) open.push(rest);
    }
    for (const [partner, turn] of given) this.sql.keepTurn.run({ partner, turn });
    return jobs;
  }

  private turn(known: Map<string, number>, partner: string): number {
    const turn = this.sql.turn.get({ partner })?.turn ?? 0;
    known.set(partner, turn);
    return turn;
  }

  /** The job as it now stands, without reading it back. */
  private give({ seq }: Lane, change: { now: number; revision: number; server: string; leaseMs: number }): Job {
    const { now, revision, server } = change;
    const row = this.sql.take.get({ ...change, seq });
    if (row === undefined) throw new Error(`The queue's index names job ${seq}, which is not there.`);
    this.sql.note.run({ seq, revision, now, event: 'claimed', fence: row.fence, server, failure: null });
    return {
      ...row,
      requires: tagsIn(row.requires),
      state: 'rendering',
      progress: 0,
      startedAt: now,
      finishedAt: null,
      request: JSON.parse(row.request) as JobRequest,
      result: null,
      failure: fromJson(row.failure),
    };
  }
}
