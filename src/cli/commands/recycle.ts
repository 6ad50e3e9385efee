/**
 * `storyfarm recycle`: new renderers for old ones, one after the other; and with `--suggest` proposes maxJobs and maxMemory from what a farm shows at /metrics, now or
 * saved earlier.
 */

import { readFile } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { Command } from 'commander';
import { StoryfarmError } from '../../errors.js';
import { type RecycleHistory, suggest } from '../../supervisor/decisions/suggest.js';
import { counted, tellFarm } from '../control/command.js';
import { MOST_SLOTS, type Results } from '../control/protocol.js';
import { configOf, wholeNumber, withOptions } from '../flags.js';
import { OPTIONS } from '../options.js';
import { printJson } from '../table.js';

interface Flags {
  readonly slot?: number;
  readonly suggest?: true;
  readonly from?: readonly string[];
  readonly budget?: string;
  readonly json?: boolean;
}

/** Of this machine's memory: the rest is for ffmpeg, the disk's cache, and whoever else lives here. */
const BUDGET = 0.6;

export function recycleCommand(): Command {
  const command = new Command('recycle').description('Replace the renderers of the running farm, or propose when.');
  return withOptions(command, ['dataFolder', 'host', 'farmPort'])
    .option('--slot <number>', 'Only the renderer of this slot.', wholeNumber(0, MOST_SLOTS - 1))
    .option('--suggest', 'Replace none; propose maxJobs and maxMemory from what was measured, with the arithmetic.')
    .option(
      '--from <place>',
      "Address of a farm's metrics, or a file in which they were saved. Repeat for more. [that of host and farmPort]",
      (place: string, known: readonly string[] = []) => [...known, place],
    )
    .option('--budget <size>', "Memory for all renderers together. [60 % of this machine's]")
    .option('--json', 'Print one JSON object.')
    .addHelpText('after', '\nNo job is interrupted: each is replaced between two jobs, when its successor is ready.')
    .action(async ({ slot, suggest: isQuestion, from, budget, json }: Flags, command: Command) => {
      if (!isQuestion) {
        if (from || budget)
          throw new StoryfarmError('invalid_request', '--from and --budget go with --suggest.', {
            hint: 'Add --suggest.',
          });
        return tellFarm(command, { do: 'recycle', ...(slot === undefined ? {} : { slot }) }, recycling);
      }
      const { host, farmPort } = configOf(command).config;
      const places = from ?? [`http://${host}:${farmPort}/metrics`];
      const texts = await Promise.all(places.map(scrape));
      const bytes = budget === undefined ? BUDGET * totalmem() : sizeOf(budget);
      const { steps, ...proposal } = suggest(historyIn(texts, bytes));
      if (json) return printJson({ ...proposal, steps });
      const { maxJobs, maxMemory } = proposal;
      process.stdout.write(`${steps.join('\n')}\n\nmaxJobs    ${maxJobs}\nmaxMemory  ${maxMemory / 1e6}MB\n`);
    });
}

function recycling({ slots }: Results['recycle']): string {
  if (slots.length === 0) return 'There is no renderer to replace.';
  const which = slots.length === 1 ? `slot ${slots[0]}` : `slots ${slots.join(', ')}`;
  return `${counted(slots.length, 'renderer')} will be replaced: ${which}.`;
}

async function scrape(place: string): Promise<string> {
  if (!/^https?:/.test(place)) return readFile(place, 'utf8');
  const trouble = (cause: unknown) =>
    new StoryfarmError('unavailable', `${place} does not answer with metrics.`, {
      cause,
      hint: "Give the address of the farm's metrics with --from: on farmPort of `farm`, on port of `up`.",
    });
  const answer = await fetch(place, { signal: AbortSignal.timeout(10_000) }).catch((error) => {
    throw trouble(error);
  });
  if (!answer.ok) throw trouble(answer.status);
  return answer.text();
}

function sizeOf(text: string): number {
  const read = OPTIONS.maxMemory.schema.safeParse(text);
  if (read.success) return read.data;
  throw new StoryfarmError('config_invalid', `--budget: ${text} is no size.`, { hint: 'Give a size, such as 8GB.' });
}

interface Sample {
  readonly name: string;
  readonly labels: string;
  readonly value: number;
}

/** Of a renderer with fewer jobs it is not known what it leaks. */
const LEAST_JOBS = 10;

/** What one or more scrapes tell. Throws `unavailable` while there is too little. */
export function historyIn(scrapes: readonly string[], budget: number): RecycleHistory {
  const farms = scrapes.map(samplesIn);
  const all = (name: string) => farms.flat().filter((sample) => sample.name === `storyfarm_${name}`);
  const sum = (name: string) => all(name).reduce((total, { value }) => total + value, 0);
  const most = (samples: readonly Sample[]) => Math.max(0, ...samples.map(({ value }) => value));
  const rendered = all('jobs_finished_total').filter(({ labels }) => labels.includes('"rendered"'));
  const jobs = rendered.reduce((total, { value }) => total + value, 0);
  const leaks = farms.flatMap((farm) => {
    const known = farm.filter(({ name, value }) => name === 'storyfarm_slot_jobs' && value >= LEAST_JOBS);
    const slots = new Set(known.map(({ labels }) => labels));
    return farm.filter(({ name, labels }) => name === 'storyfarm_slot_leak_bytes_per_job' && slots.has(labels));
  });
  const boots = sum('renderer_boot_seconds_count');
  if (jobs === 0 || boots === 0 || leaks.length === 0)
    throw new StoryfarmError('unavailable', 'Too little was measured yet.', {
      hint: `Let the farm render until a renderer has done ${LEAST_JOBS} jobs, then ask again.`,
    });
  return {
    renderers: Math.max(...farms.map(renderersOf)),
    base: most(all('slot_base_bytes')),
    leak: most(leaks),
    bootSeconds: sum('renderer_boot_seconds_sum') / boots,
    jobSeconds: sum('stage_duration_seconds_sum') / jobs,
    budget,
  };
}

const renderersOf = (farm: readonly Sample[]): number =>
  farm.filter(({ name }) => name === 'storyfarm_slot_jobs').length +
  (farm.find(({ name }) => name === 'storyfarm_standbys')?.value ?? 0);

/** The lines of the Prometheus text format that are numbers. */
function samplesIn(text: string): Sample[] {
  return [...text.matchAll(/^(\w+)(?:\{(.*)\})? (\S+)$/gm)].map(([, name = '', labels = '', value]) => ({
    name,
    labels,
    value: Number(value),
  }));
}
