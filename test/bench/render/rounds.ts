/**
 * The variants in turn, round after round: B1, warm, B2, cold, repeated. What a machine does besides, heat or a neighbour, so meets all of them alike.
 *
 * B1, B2 and the cold process of a round have the same words; the warm renderer has its own, since it shall meet each for the first time. Drawing the words for B1
 * and B2 is not counted, neither is laying out the template for them.
 */

import { randomUUID } from 'node:crypto';
import { mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { OPTIONS } from '../../../src/cli/options.js';
import type { RenderOrder } from '../../../src/ipc/messages.js';
import type { Cast, Stages, Words } from '../../../src/job.js';
import type { Ffmpeg, FfmpegCommand } from '../../../src/media/ffmpeg.js';
import { loadFonts } from '../../../src/media/fonts.js';
import { type Quality, USUAL_QUALITY } from '../../../src/media/ladder.js';
import { openEditions } from '../../../src/media/prepare/editions.js';
import { packageFolder } from '../../../src/package.js';
import { WORST_CRF } from '../../../src/renderer/fit.js';
import type { PlacedOverlay } from '../../../src/renderer/reencode.js';
import { drawForRendition, layOutWords } from '../../../src/renderer/words.js';
import type { InstalledTemplate } from '../../../src/template/catalog.js';
import type { Rendition } from '../../../src/template/format.js';
import { argumentsOf, type BaselineJob, largestOf, separateCommands, splitCommands } from './baselines.js';
import { type Cost, runMeasured, sumOf } from './cost.js';
import { type Measured, median, VARIANTS, type Variant } from './figures.js';
import { compare } from './quality/likeness.js';
import { makeReferences } from './quality/reference.js';
import { WarmRenderer } from './warm.js';

export interface Bench {
  readonly installed: InstalledTemplate;
  readonly cast: Cast;
  readonly ffmpeg: Ffmpeg;
  readonly templateFolders: readonly string[];
  /** The words of one more job. */
  readonly words: () => Words;
  /** Where films of rounds go. */
  readonly work: string;
  /** A new data folder with everything prepared, by name. */
  readonly copy: (name: string) => string;
  readonly say: (text: string) => void;
}

export interface Rounds {
  readonly runs: number;
  /** Jobs of the warm renderer in all rounds together. */
  readonly jobs: number;
  /** After which a batch begins no further job. */
  readonly mostSeconds: number;
}

/** Jobs before the warm renderer counts as warm: V8 optimises most of what they need within so many. By default a renderer lives for 500. */
const BEFORE = 60;

export async function measureRounds(bench: Bench, { runs, jobs, mostSeconds }: Rounds): Promise<Measured> {
  const { installed, say } = bench;
  const mostMs = mostSeconds * 1000;
  const costs: Record<Variant, Cost[]> = { b1: [], b2: [], cold: [], warm: [], repeated: [] };
  const jobMs: number[] = [];
  const stages: Stages[] = [];
  const bytes: Bytes[] = [];
  const cold = bench.copy('cold');
  const newOrders = (count: number) => Array.from({ length: count }, () => orderOf(bench, bench.words()));
  const renderer = await startRenderer(bench, bench.copy('warm'));
  let first: Round | undefined;
  try {
    let rendered = (await renderer.render(newOrders(BEFORE), mostMs)).jobMs.length;
    const firstBytes = await renderer.memory();
    for (let n = 0; n < runs; n++) {
      const round = await openRound(bench, cold, join(bench.work, `${installed.ref.id}-round-${n}`));
      first ??= round;
      costs.b1.push(await runAll(bench.ffmpeg, separateCommands(round.baseline('b1'))));
      const batch = await renderer.render(newOrders(Math.max(1, Math.round(jobs / runs))), mostMs);
      costs.warm.push(perJob(batch.cost, batch.jobMs.length));
      jobMs.push(...batch.jobMs);
      stages.push(...batch.stages);
      costs.b2.push(await runAll(bench.ffmpeg, splitCommands(round.baseline('b2'))));
      costs.cold.push(await renderCold(bench, round, cold));
      const again = batch.orders.map(({ words }) => orderOf(bench, words));
      const repeated = await renderer.render(again, mostMs);
      costs.repeated.push(perJob(repeated.cost, repeated.jobMs.length));
      rendered += batch.jobMs.length + repeated.jobMs.length;
      bytes.push({ b2: await sizesOf(bench, round, 'b2'), ours: await sizesOf(bench, round, 'ours') });
      if (round !== first) await rm(round.folder, { recursive: true });
      const told = VARIANTS.map((variant) => `${variant} ${costs[variant].at(-1)?.cpuSeconds.toFixed(2)} s`);
      say(`${installed.ref.id}, round ${n + 1} of ${runs}: CPU ${told.join(', ')}`);
    }
    const resting = { first: firstBytes, last: await renderer.memory(), jobs: rendered };
    const likenesses = await likenessOf(bench, first as Round);
    const middle = (variant: 'b2' | 'ours', index: number) =>
      median(bytes.map((each) => each[variant][index] ?? Number.NaN));
    return {
      content: installed.ref.id,
      costs: Object.fromEntries(VARIANTS.map((variant) => [variant, medianCost(costs[variant])])) as Measured['costs'],
      jobMs,
      stages,
      resting,
      renditions: installed.template.ladder.map(({ id }, index) => ({
        id,
        bytes: { b2: middle('b2', index), ours: middle('ours', index) },
        likeness: likenesses[index] as Measured['renditions'][number]['likeness'],
      })),
    };
  } finally {
    await renderer.leave();
  }
}

/** Bytes of each rendition, in the order of the ladder. */
type Bytes = Readonly<Record<'b2' | 'ours', readonly number[]>>;

interface Round {
  readonly folder: string;
  readonly words: Words;
  /** Drawn for a rendition. */
  readonly overlays: (rendition: Rendition) => readonly PlacedOverlay[];
  readonly baseline: (variant: 'b1' | 'b2') => BaselineJob;
}

/** New words, drawn into the folder, and the footage of the edition. */
async function openRound(bench: Bench, dataFolder: string, folder: string): Promise<Round> {
  const { installed, cast, ffmpeg, words: next } = bench;
  const { template } = installed;
  const edition = await openEditions(dataFolder, ffmpeg).find(installed.ref, cast);
  if (!edition) throw new Error(`${installed.ref.id} is not prepared.`);
  for (const variant of ['b1', 'b2', 'ours', 'words']) await mkdir(join(folder, variant), { recursive: true });
  const words = next();
  const laidOut = layOutWords(template, { cast, words }, loadFonts());
  const drawn = new Map<string, readonly PlacedOverlay[]>();
  for (const rendition of template.ladder)
    drawn.set(rendition.id, await drawForRendition(laidOut, template, rendition, join(folder, 'words')));
  const overlays = ({ id }: Rendition) => drawn.get(id) ?? [];
  const largest = largestOf(template);
  const parts = { template, footage: edition.footage(largest), audio: edition.audio(largest) };
  const quality = await fittedQuality(bench, {
    ...parts,
    overlays: overlays(largest),
    out: (file) => join(folder, 'b2', file),
  });
  const baseline = (variant: string) => ({
    ...parts,
    quality,
    overlays: overlays(largest),
    out: (file: string) => join(folder, variant, file),
  });
  return { folder, words, overlays, baseline };
}

const fitted = new WeakMap<Bench, ReadonlyMap<string, Quality>>();

/** The usual quality, or the best at which a rendition's file keeps within its cap: found once for a template, by B1's own encodes, of which B2's files are the same. */
async function fittedQuality(bench: Bench, parts: Omit<BaselineJob, 'quality'>): Promise<BaselineJob['quality']> {
  const found = new Map(fitted.get(bench));
  for (const [index, rendition] of parts.template.ladder.entries()) {
    if (found.has(rendition.id)) continue;
    const fits = async (quality: Quality) => {
      const [command] = separateCommands({ ...parts, quality: () => quality }).slice(index);
      await runAll(bench.ffmpeg, command ? [command] : []);
      return (await stat(parts.out(`${rendition.id}.mp4`))).size <= (rendition.maxBytes ?? Number.POSITIVE_INFINITY);
    };
    found.set(rendition.id, await finest(fits, rendition.id));
  }
  fitted.set(bench, found);
  return ({ id }) => found.get(id) ?? USUAL_QUALITY;
}

/** To a quarter of a step, by halving. */
async function finest(fits: (quality: Quality) => Promise<boolean>, id: string): Promise<Quality> {
  if (await fits(USUAL_QUALITY)) return USUAL_QUALITY;
  let [large, small] = [USUAL_QUALITY.crf, WORST_CRF];
  if (!(await fits({ crf: small }))) throw new Error(`${id} does not fit its cap`);
  while (small - large > 0.25) {
    const crf = Math.round(2 * (large + small)) / 4;
    if (await fits({ crf })) small = crf;
    else large = crf;
  }
  return { crf: small };
}

async function runAll(ffmpeg: Ffmpeg, commands: readonly FfmpegCommand[]): Promise<Cost> {
  const costs: Cost[] = [];
  for (const command of commands) costs.push(await runMeasured(ffmpeg.path, argumentsOf(command)));
  return sumOf(costs);
}

/** With the times that a configuration has when it says nothing. */
function startRenderer({ ffmpeg, templateFolders }: Bench, dataFolder: string): Promise<WarmRenderer> {
  const { heartbeat, stall, maxPhrases } = OPTIONS;
  return WarmRenderer.start({
    ...{ dataFolder, templateFolders: [...templateFolders], ffmpegPath: ffmpeg.path },
    maxPhrases: maxPhrases.schema.parse(maxPhrases.fallback),
    ...{ heartbeatMs: heartbeat.schema.parse(heartbeat.fallback), stallMs: stall.schema.parse(stall.fallback) },
  });
}

const orderOf = ({ installed, cast }: Bench, words: Words): RenderOrder => ({
  ...{ id: randomUUID(), fence: 1, template: { ...installed.ref } },
  ...{ cast: { ...cast }, words: { ...words } },
});

/** `storyfarm render` as a user calls it: without what this machine asks of every Node, such as more certificates, which take longer to read than Node to start. */
function renderCold(bench: Bench, { words, folder }: Round, dataFolder: string): Promise<Cost> {
  const { installed, cast, ffmpeg, templateFolders } = bench;
  const named = (flag: string, pairs: Readonly<Record<string, string>>) =>
    Object.entries(pairs).flatMap(([name, value]) => [flag, `${name}=${value}`]);
  const places = ['--data-folder', dataFolder, ...templateFolders.flatMap((each) => ['--template-folders', each])];
  const asked = [...named('--words', words), ...named('--cast', cast), '--out', join(folder, 'ours'), '--json'];
  const program = join(packageFolder, 'bin', 'storyfarm');
  const args = [program, 'render', installed.ref.id, ...asked, ...places, '--ffmpeg-path', ffmpeg.path];
  const ours = Object.entries(process.env).filter(([name]) => !/^(STORYFARM|NODE)_/.test(name));
  return runMeasured(process.execPath, args, { cwd: folder, env: Object.fromEntries(ours) });
}

function sizesOf({ installed }: Bench, { folder }: Round, variant: string): Promise<number[]> {
  return Promise.all(
    installed.template.ladder.map(async ({ id }) => (await stat(join(folder, variant, `${id}.mp4`))).size),
  );
}

/** Of every rendition, in the order of the ladder. */
async function likenessOf(
  bench: Bench,
  { folder, overlays }: Round,
): Promise<Measured['renditions'][number]['likeness'][]> {
  const { installed, cast, ffmpeg, say } = bench;
  const { template } = installed;
  say(`${installed.ref.id}: likeness`);
  const references = await makeReferences(installed, cast, overlays, ffmpeg, folder);
  const found: Measured['renditions'][number]['likeness'][] = [];
  for (const rendition of template.ladder) {
    const against = (variant: 'b2' | 'ours') =>
      compare(ffmpeg.path, template, rendition, {
        ...{ film: join(folder, variant, `${rendition.id}.mp4`), reference: references[variant](rendition), folder },
      });
    found.push({ b2: await against('b2'), ours: await against('ours') });
  }
  return found;
}

const perJob = (cost: Cost, jobs: number): Cost => ({
  cpuSeconds: cost.cpuSeconds / jobs,
  wallSeconds: cost.wallSeconds / jobs,
  peakBytes: cost.peakBytes,
});

const medianCost = (costs: readonly Cost[]): Cost => ({
  cpuSeconds: median(costs.map(({ cpuSeconds }) => cpuSeconds)),
  wallSeconds: median(costs.map(({ wallSeconds }) => wallSeconds)),
  peakBytes: median(costs.map(({ peakBytes }) => peakBytes)),
});
