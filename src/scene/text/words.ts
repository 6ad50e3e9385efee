/** Words made ready for layout: clusters, the places where a line may end, and widths. The only part of layout that measures. */

import { type Face, familiesOf, type Measure } from '../fonts.js';
import { bidiLevels, isRightToLeft } from './bidi.js';
import { type Break, breaksOf } from './breaks.js';
import { type Cluster, clustersOf } from './graphemes.js';
import type { Unit } from './lines.js';

export type RunKind = 'text' | 'emoji';

export interface Words {
  readonly clusters: readonly Cluster[];
  readonly breaks: readonly Break[];
  /** Bidirectional level of each cluster; undefined when everything reads from the left. */
  readonly levels: readonly number[] | undefined;
  /** CSS family lists for the two kinds of runs. */
  readonly families: Readonly<Record<RunKind, string>>;
  /** Width in em, in whole 64ths of a pixel at 100 px. */
  readonly widthOf: (text: string, kind: RunKind) => number;
}

export function wordsOf(text: string, stack: readonly Face[], measure: Measure): Words {
  const clusters = clustersOf(text, stack);
  const families = familiesOf(stack);
  const widthOf: Words['widthOf'] = (run, kind) => Math.round(measure(run, `100px ${families[kind]}`) * 64) / 6400;
  return { clusters, breaks: breaksOf(clusters), levels: levelsOf(clusters), families, widthOf };
}

/** Each paragraph has a direction of its own. */
function levelsOf(clusters: readonly Cluster[]): readonly number[] | undefined {
  if (!isRightToLeft(clusters)) return undefined;
  const levels: number[] = [];
  while (levels.length < clusters.length) {
    const newline = clusters.findIndex(({ kind }, i) => kind === 'newline' && i >= levels.length);
    levels.push(...bidiLevels(clusters.slice(levels.length, newline < 0 ? undefined : newline + 1)));
  }
  return levels;
}

export interface WordUnit extends Unit {
  /** Its clusters are [from, to); the spaces after it are not among them. */
  readonly from: number;
  readonly to: number;
}

/** What stays together when lines may end at breaks of at most this strength. */
export function unitsOf(words: Words, strength: number): WordUnit[] {
  const units: WordUnit[] = [];
  let from = 0;
  for (const [i, after] of words.breaks.entries()) {
    if (after.strength > strength) continue;
    let to = i + 1;
    while (to > from && isBlank(words.clusters[to - 1])) to--;
    const width = runsOf(words, from, to).reduce((sum, run) => sum + run.width, 0);
    const spaces = words.clusters.slice(to, i + 1).filter(({ kind }) => kind === 'space');
    const space = spaces.reduce((sum, { text }) => sum + words.widthOf(text, 'text'), 0);
    units.push({ from, to, width, space, cost: after.cost, must: after.strength === 0 });
    from = i + 1;
  }
  return units;
}

const isBlank = (cluster: Cluster | undefined) => cluster?.kind === 'space' || cluster?.kind === 'newline';

export interface MeasuredRun {
  readonly text: string;
  readonly kind: RunKind;
  readonly level: number;
  /** em */
  readonly width: number;
}

/** The runs of clusters [from, to) in the order of reading: each emoji is a run of its own, else Node splits some. */
export function runsOf(words: Words, from: number, to: number): MeasuredRun[] {
  const runs: { text: string; kind: RunKind; level: number }[] = [];
  for (const [i, { text, kind }] of words.clusters.slice(from, to).entries()) {
    const level = words.levels?.[from + i] ?? 0;
    const last = runs.at(-1);
    if (kind !== 'emoji' && last?.kind === 'text' && last.level === level) last.text += text;
    else runs.push({ text, kind: kind === 'emoji' ? 'emoji' : 'text', level });
  }
  return runs.map((run) => ({ ...run, width: words.widthOf(run.text, run.kind) }));
}
