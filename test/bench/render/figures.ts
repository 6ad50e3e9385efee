/** What was measured, as figures with names: for programs one flat object, for people tables with what is asked of each figure beside it. */

import { table } from '../../../src/cli/table.js';
import type { Stages } from '../../../src/job.js';
import type { Cost } from './cost.js';
import type { Likeness } from './quality/likeness.js';

export const VARIANTS = ['b1', 'b2', 'cold', 'warm', 'repeated'] as const;
export type Variant = (typeof VARIANTS)[number];

/** What was measured on one template. Costs are per job and medians over the rounds; so are bytes. */
export interface Measured {
  readonly content: string;
  readonly costs: Readonly<Record<Variant, Cost>>;
  /** Of single jobs in the warm renderer. */
  readonly jobMs: readonly number[];
  readonly stages: readonly Stages[];
  /** Bytes that the warm renderer and its helpers hold between jobs: after the first few, and after all of so many. */
  readonly resting: { readonly first: number; readonly last: number; readonly jobs: number };
  readonly renditions: readonly {
    readonly id: string;
    readonly bytes: { readonly b2: number; readonly ours: number };
    readonly likeness: { readonly b2: Likeness; readonly ours: Likeness };
  }[];
  readonly farm?: {
    readonly publishedMs: readonly number[];
    readonly toldMs: readonly number[];
    readonly jobsPerMinute: number;
    readonly cpuSecondsPerJob: number;
    readonly busyJobs: number;
  };
}

export interface Figure {
  readonly name: string;
  readonly text: string;
  readonly value: number;
  readonly show: (value: number) => string;
  /** What it must reach, and what it should; undefined where nothing is asked. */
  readonly must?: number;
  readonly aim?: number;
  readonly most?: boolean;
}

/** Fraction 0 to 1 of the sorted values lies below; between two of them by proportion. NaN of nothing. */
export function quantile(values: readonly number[], fraction: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * fraction;
  const [low, high] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
  return low === undefined || high === undefined ? Number.NaN : low + (high - low) * (at - Math.floor(at));
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);

const seconds = (value: number) => `${value.toFixed(value < 1 ? 3 : 2)} s`;
const milliseconds = (value: number) => `${value.toFixed(value < 100 ? 1 : 0)} ms`;
const times = (value: number) => `${value.toFixed(value < 100 ? 2 : 0)} x`;
const megabytes = (value: number) => `${(value / 1e6).toFixed(value < 1e7 ? 3 : 0)} MB`;
const percent = (value: number) => `${((value - 1) * 100).toFixed(1)} %`;
const ssim = (value: number) => value.toFixed(4);
const decibels = (value: number) => `${value.toFixed(2)} dB`;
const count = (value: number) => value.toFixed(value < 100 ? 1 : 0);

/** All of them, in the order of the tables. Names end in the content. */
export function figuresOf(measured: Measured): Figure[] {
  const { costs, jobMs, resting, farm } = measured;
  const cpu = (variant: Variant) => costs[variant].cpuSeconds;
  const figures: Figure[] = [
    {
      ...{ name: 'cpu_ratio_warm_vs_b2', text: 'CPU, warm renderer, against B2' },
      ...{ value: cpu('b2') / cpu('warm'), show: times, must: 250, aim: 600 },
    },
    {
      ...{ name: 'cpu_ratio_cold_vs_b2', text: 'CPU, one cold process, against B2' },
      ...{ value: cpu('b2') / cpu('cold'), show: times, must: 40, aim: 70 },
    },
    {
      ...{ name: 'cpu_ratio_repeated_vs_warm', text: 'CPU, repeated words, against other words' },
      ...{ value: cpu('repeated') / cpu('warm'), show: times, must: 0.5, aim: 0.1, most: true },
    },
    { name: 'cpu_ratio_b1_vs_b2', text: 'CPU, B1 against B2', value: cpu('b1') / cpu('b2'), show: times },
    {
      ...{ name: 'poster_after_claim_p50_ms', text: 'poster published after claim, p50' },
      ...{ value: median(jobMs), show: milliseconds, must: 100, aim: 50, most: true },
    },
    {
      ...{ name: 'poster_after_claim_p90_ms', text: 'poster published after claim, p90' },
      ...{ value: quantile(jobMs, 0.9), show: milliseconds },
    },
    {
      ...{ name: 'memory_resting_bytes_warm', text: `renderer's memory (tree) after ${resting.jobs} jobs` },
      ...{ value: resting.last, show: megabytes, must: 250e6, most: true },
    },
    {
      ...{ name: 'memory_growth_bytes_warm', text: 'what of it came after the first few' },
      ...{ value: resting.last - resting.first, show: megabytes },
    },
  ];
  for (const [stage, value] of stageMedians(measured))
    figures.push({ name: `stage_${stage}_p50_ms_warm`, text: '', value, show: milliseconds });
  figures.push({ name: 'jobs_warm', text: '', value: jobMs.length, show: count });
  if (farm) {
    figures.push(
      { name: 'jobs_farm', text: '', value: farm.busyJobs, show: count },
      {
        ...{ name: 'request_to_published_p50_ms', text: 'request to published, idle farm, p50' },
        ...{ value: median(farm.publishedMs), show: milliseconds, must: 250, aim: 100, most: true },
      },
      {
        ...{ name: 'request_to_told_p50_ms', text: 'request to told by events, idle farm, p50' },
        ...{ value: median(farm.toldMs), show: milliseconds },
      },
      {
        ...{ name: 'jobs_per_minute', text: 'jobs per minute, busy farm' },
        ...{ value: farm.jobsPerMinute, show: count, must: 600, aim: 2000 },
      },
      {
        ...{ name: 'cpu_seconds_farm', text: 'CPU per job, busy farm with its front' },
        ...{ value: farm.cpuSecondsPerJob, show: seconds },
      },
    );
  }
  for (const rendition of measured.renditions) figures.push(...renditionFigures(rendition));
  for (const variant of VARIANTS) {
    const { cpuSeconds, wallSeconds, peakBytes } = costs[variant];
    figures.push(
      { name: `cpu_seconds_${variant}`, text: '', value: cpuSeconds, show: seconds },
      { name: `wall_seconds_${variant}`, text: '', value: wallSeconds, show: seconds },
      { name: `memory_peak_bytes_${variant}`, text: '', value: peakBytes, show: megabytes },
    );
  }
  const content = measured.content.replaceAll('-', '_');
  return figures.map((figure) => ({ ...figure, name: `${figure.name}__${content}` }));
}

function renditionFigures({ id, bytes, likeness }: Measured['renditions'][number]): Figure[] {
  const { b2, ours } = likeness;
  const figures: Figure[] = [
    {
      ...{ name: `size_ratio_vs_b2__${id}`, text: `${id}: file size against B2` },
      ...{ value: bytes.ours / bytes.b2, show: percent, must: 1.05, aim: 1, most: true },
    },
    { name: `bytes_b2__${id}`, text: '', value: bytes.b2, show: megabytes },
    { name: `bytes_ours__${id}`, text: '', value: bytes.ours, show: megabytes },
  ];
  for (const part of ['clip', 'windows', 'gaps', 'worst'] as const) {
    const [theirs, own] = [b2[part], ours[part]];
    if (!theirs || !own) continue;
    const asked = part === 'worst' ? { must: -0.02, aim: -0.005 } : { must: -0.002, aim: 0 };
    figures.push(
      {
        ...{ name: `ssim_${part}_delta_vs_b2__${id}`, text: `${id}: SSIM against B2, ${part}` },
        ...{ value: own.ssim - theirs.ssim, show: ssim, ...asked },
      },
      { name: `ssim_${part}_b2__${id}`, text: '', value: theirs.ssim, show: ssim },
      { name: `ssim_${part}_ours__${id}`, text: '', value: own.ssim, show: ssim },
      { name: `psnr_${part}_delta_vs_b2__${id}`, text: '', value: own.psnr - theirs.psnr, show: decibels },
      { name: `psnr_${part}_b2__${id}`, text: '', value: theirs.psnr, show: decibels },
      { name: `psnr_${part}_ours__${id}`, text: '', value: own.psnr, show: decibels },
    );
  }
  return figures;
}

/** Milliseconds of the warm renderer's stages; a stage that not every job had is told by those that had it. */
function stageMedians({ stages }: Measured): [string, number][] {
  const names = new Set(stages.flatMap((each) => Object.keys(each)));
  return [...names].map((name) => [name, median(stages.flatMap((each) => each[name] ?? []))]);
}

/** How a figure stands to what is asked of it. */
export function standing({ value, must, aim, most = false }: Figure): '' | 'missed' | 'reached' | 'aim reached' {
  if (must === undefined) return '';
  const reaches = (asked: number) => (most ? value <= asked : value >= asked);
  if (!reaches(must)) return 'missed';
  return aim !== undefined && reaches(aim) ? 'aim reached' : 'reached';
}

/** The tables of one content. */
export function tablesOf(measured: Measured): string {
  const figures = figuresOf(measured);
  const asked = ({ show, most }: Figure, value: number | undefined) =>
    value === undefined ? '' : `${most ? '<=' : '>='} ${show(value)}`;
  const variants = VARIANTS.map((variant) => {
    const { cpuSeconds, wallSeconds, peakBytes } = measured.costs[variant];
    return [variant, seconds(cpuSeconds), seconds(wallSeconds), megabytes(peakBytes)];
  });
  const films = measured.renditions.flatMap(({ id, bytes, likeness }) =>
    (['b2', 'ours'] as const).map((variant) => {
      const { clip, windows, gaps, worst } = likeness[variant];
      const parts = [clip, windows, gaps, worst].map((each) =>
        each ? `${ssim(each.ssim)} / ${decibels(each.psnr)}` : '-',
      );
      return [id, variant, megabytes(bytes[variant]), ...parts];
    }),
  );
  return [
    table(['per job', 'CPU', 'wall', 'peak memory'], variants),
    `stages of a warm job: ${stageMedians(measured)
      .map(([stage, value]) => `${stage} ${milliseconds(value)}`)
      .join(', ')}`,
    table(['rendition', '', 'size', 'clip: SSIM / PSNR', 'windows', 'gaps', 'worst frame'], films),
    table(
      ['figure', 'measured', 'must', 'aim', ''],
      figures
        .filter(({ text }) => text !== '')
        .map((figure) => [
          figure.text,
          figure.show(figure.value),
          asked(figure, figure.must),
          asked(figure, figure.aim),
          standing(figure),
        ]),
    ),
  ].join('\n\n');
}
