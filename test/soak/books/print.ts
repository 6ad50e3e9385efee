/** The ledger as an answer for programs, and as text for people. */

import { table } from '../../../src/cli/table.js';
import type { FaultName } from '../plan.js';
import type { Told } from '../run.js';
import { type Ledger, type Spread, tally } from './ledger.js';

/** Faults that end a process. */
const KILLS: readonly FaultName[] = ['kill', 'farm', 'front', 'poison'];

/** What `--json` prints. Times in milliseconds unless named otherwise. */
export function answerOf(seed: number, ledger: Ledger, told: Told, skipped: Readonly<Record<string, string>>) {
  const { findings, balances, ...counts } = ledger;
  const { capacity, seconds, faults, missed, repeats, callbacks, ownEnds } = told;
  return {
    seed,
    balances,
    ...counts,
    farms: told.farms,
    fronts: told.fronts,
    store: told.store,
    /** Fraction of the seats' time in which there was no renderer that could work, mostly for the kills. */
    capacityLost: Number(capacity.lost.toFixed(4)),
    /** Fraction that planned recycling cost; null when the farm keeps no account of it. */
    capacityLostToRecycling: capacity.lostToRecycling ?? null,
    ...capacity.replaced,
    /** Processes that were killed, and all faults by name. */
    kills: KILLS.reduce((sum, name) => sum + (faults[name] ?? 0), 0),
    faults,
    missed,
    repeats,
    /** Calls that the partner took, failed, and took again. */
    callbacks,
    /** Services that ended by themselves and had to be started again. */
    ownEnds: ownEnds.length,
    ownEndsBy: tally(ownEnds.map(({ part, code, signal, said }) => `${part}, ${code ?? signal}: ${said}`)),
    skipped,
    seconds: { faults: Math.round(seconds.faults), all: Math.round(seconds.all) },
    findings,
  };
}

export type Answer = ReturnType<typeof answerOf>;

const MOST_FINDINGS = 40;

export function textOf(answer: Answer): string {
  const zeros = ['lost', 'duplicates', 'orphans', 'strayFiles', 'broken', 'harmed', 'refused', 'untold'] as const;
  const plain = ['accepted', 'delivered', 'dead', 'cancelled', 'unfinished'] as const;
  const rows = [
    ...plain.map((name) => [name, answer[name], name === 'dead' ? named(answer.deaths) : '']),
    ...zeros.map((name) => [name, answer[name], answer[name] === 0 ? '' : 'must be 0']),
    ['faults', sum(answer.faults), named(answer.faults)],
    ['missed', answer.missed, 'found nothing to act upon'],
    ['repeats', answer.repeats, 'requests sent again with the same key'],
    ['callbacks', sum(answer.callbacks), named(answer.callbacks)],
    ['own ends', answer.ownEnds, 'services that ended by themselves and were started again'],
    [
      'recycled',
      answer.recycled,
      `as planned, ${answer.recycledForMemory} of them for memory; ${answer.restarted} restarted after a death (as far as scrapes saw)`,
    ],
    ['shares', answer.shares ? percent(answer.shares.unevenness) : 'none', sharesText(answer.shares)],
    ['capacity lost', percent(answer.capacityLost), `to recycling: ${percent(answer.capacityLostToRecycling)}`],
    ['requeue', times(answer.requeue), "from a renderer's death to its job claimable"],
    ['refill', times(answer.refill), "from a renderer's death to another ready in its seat"],
    ['gone', times(answer.gone), "from the supervisor's death to its last descendant gone"],
    ['resumed', times(answer.resumed), "from the database's return to the next job that was rendered"],
    ['seconds', answer.seconds.faults, `under faults, ${answer.seconds.all} in all`],
  ];
  const findings = answer.findings.slice(0, MOST_FINDINGS);
  const more = answer.findings.length - findings.length;
  return [
    table([`seed ${answer.seed}`, '', ''], rows),
    ...[...findings, ...(more > 0 ? [`and ${more} more`] : [])],
    answer.balances ? 'The books balance.' : 'The books do not balance.',
  ].join('\n');
}

const sum = (counts: Readonly<Record<string, number>>) => Object.values(counts).reduce((a, b) => a + b, 0);
const named = (counts: Readonly<Record<string, number>>) =>
  Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');
const percent = (fraction: number | null) => (fraction === null ? 'not told' : `${(fraction * 100).toFixed(2)} %`);
const sharesText = (shares: Ledger['shares']) =>
  shares ? `uneven at the most, over ${Math.round(shares.contended)} s in which all partners had jobs waiting` : '';
const times = (spread: Spread | undefined) =>
  spread ? `p50 ${spread.p50}, p99 ${spread.p99}, most ${spread.most} ms (${spread.count})` : 'none';
