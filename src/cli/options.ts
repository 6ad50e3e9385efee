/**
 * Every option of Storyfarm in one place: name, default, unit, meaning. config.ts reads their values from the file, the environment and the flags; the commands'
 * help, `storyfarm config` and docs/configuration.md (page.ts) are made from this table.
 */

import { availableParallelism, hostname } from 'node:os';
import { delimiter, join } from 'node:path';
import * as z from 'zod';
import { LOG_LEVELS } from '../log.js';
import { packageFolder } from '../package.js';
import { MOST_TAGS, TAG } from '../tags.js';
import { partnersSchema } from './partners.js';

const UNITS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, min: 60_000, h: 3_600_000, d: 86_400_000 };
const SIZES: Record<string, number> = {
  b: 1,
  kb: 1_000,
  mb: 1_000_000,
  gb: 1_000_000_000,
  kib: 1_024,
  mib: 1_048_576,
  gib: 1_073_741_824,
};

/** A number with its unit, or of the unit `bare`; from `least` to `most`, both in the smallest unit. */
function measured(units: Record<string, number>, bare: string, least: number, most: number, wanted: string) {
  return z.union([z.number(), z.string()], { error: wanted }).transform((value, context) => {
    const parts = /^(\d+(?:\.\d+)?)\s*([a-zA-Z]*)$/.exec(String(value).trim());
    const unit = units[(parts?.[2] || bare).toLowerCase()];
    const number = Math.round(Number(parts?.[1]) * (unit ?? Number.NaN));
    if (number >= least && number <= most) return number;
    context.addIssue({ code: 'custom', message: wanted });
    return z.NEVER;
  });
}

/** Milliseconds; written as 500, "30s", "6h". No longer than a timer of Node can be: beyond that it would ring at once. */
const atLeast = (least: number) =>
  measured(UNITS, 'ms', least, 2 ** 31 - 1, `Give a time from ${least}ms to 24d, such as 1500ms, 30s or 6h.`);
const duration = atLeast(1);
/** Bytes; written as 1048576, "512MB", "2GiB". */
const size = measured(SIZES, 'b', 1, 2 ** 50, 'Give a size, such as 64KiB, 512MB or 2GB.');
/** How long something is kept: up to ten years, since it is compared with dates and never a timer. */
const age = measured(UNITS, 'ms', 1000, 3650 * 86_400_000, 'Give a time from 1s to 3650d, such as 12h or 30d.');
/** A duration, or none. */
const durationOrNone = atLeast(0);
const sizeOrNone = measured(SIZES, 'b', 0, 2 ** 50, 'Give a size, such as 512MB or 2GB, or 0 for none.');
const text = (most = 4096) => z.string().min(1, 'Give some text.').max(most, `Give at most ${most} characters.`);

function whole(least: number, most: number) {
  const wanted = `Give a whole number from ${least} to ${most}.`;
  return z
    .union([z.number(), z.string().trim().regex(/^\d+$/, wanted)], { error: wanted })
    .transform(Number)
    .pipe(z.int(wanted).min(least, wanted).max(most, wanted));
}

export interface Option<T = unknown> {
  readonly schema: z.ZodType<T>;
  /** As it would be written in the configuration file. */
  readonly fallback: unknown;
  readonly unit: string;
  readonly text: string;
  /** The default in words, where it depends on the machine or on other options. */
  readonly usual?: string;
  /** Its value may be, or hold, what is nobody's business: it is never repeated. */
  readonly isSecret?: true;
}

const option = <T>(schema: z.ZodType<T>, fallback: unknown, unit: string, text: string, usual?: string): Option<T> => ({
  schema,
  fallback,
  unit,
  text,
  ...(usual === undefined ? {} : { usual }),
});

export const OPTIONS = {
  dataFolder: option(text(), 'var', 'folder', 'Where the embedded store, editions and finished files are kept.'),
  templateFolders: option(
    z.array(text(), { error: 'Give a list of folders.' }).min(1, 'Give at least one folder.'),
    [join(packageFolder, 'templates')],
    'folder',
    'Where templates are installed: folders of templates, or templates.',
    'templates/ of the installation',
  ),
  store: {
    schema: text()
      .regex(/^(sqlite|mssql):/, 'Give sqlite:FILE, or mssql://USER:PASSWORD@HOST:PORT/DATABASE.')
      .optional(),
    fallback: undefined,
    unit: 'address',
    text: 'The job store, such as sqlite:/srv/storyfarm/jobs.db, or for several machines mssql://user:password@host/database.',
    usual: 'storyfarm.db in the data folder',
    isSecret: true,
  },
  storage: {
    schema: text()
      .regex(/^s3:\/\//, 'Give s3://BUCKET/PREFIX?endpoint=https://HOST&region=NAME.')
      .optional(),
    fallback: undefined,
    unit: 'address',
    text: 'Where finished files go: a bucket, such as s3://bucket/prefix?endpoint=https://host&region=name (docs/storage.md).',
    usual: 'jobs/ in the data folder',
    isSecret: true,
  },
  storageUrl: option(
    z.url({ protocol: /^https?$/, error: 'Give an address such as https://videos.example.com.' }).optional(),
    undefined,
    'URL',
    'Public address of what is in the bucket, its prefix left out; without it the addresses of files are signed.',
    'none: addresses are signed',
  ),
  storageExpiry: option(
    measured(UNITS, 'ms', 60_000, 7 * 86_400_000, 'Give a time from 1min to 7d.'),
    '1d',
    'time',
    'How long a signed address of a file holds; at most 7d.',
  ),
  ffmpegPath: option(
    text().optional(),
    undefined,
    'file',
    'The ffmpeg to use.',
    'from PATH, else the one that npm installed',
  ),
  host: option(text(255), '127.0.0.1', 'address', 'Where front, files and the metrics of the farm listen.'),
  port: option(whole(0, 65535), 8080, 'port', 'Port of the front (`up`: of everything); 0 takes a free one.'),
  filesPort: option(whole(0, 65535), 8081, 'port', 'Port of `storyfarm files`.'),
  farmPort: option(whole(0, 65535), 9464, 'port', 'Port of the metrics and health of `storyfarm farm`.'),
  filesUrl: option(
    z.url({ protocol: /^https?$/, error: 'Give an address such as https://files.example.com.' }).optional(),
    undefined,
    'URL',
    "Public address of this server's files.",
    'where `up` or `files` listens',
  ),
  frontUrl: option(
    z.url({ protocol: /^https?$/, error: 'Give an address such as https://video.example.com.' }).optional(),
    undefined,
    'URL',
    'Public address of the fronts, for the addresses in callbacks.',
    'where `up` listens, else host and port',
  ),
  server: option(text(64), hostname(), 'name', "This server's name in leases and rows.", 'name of the host'),
  tags: option(
    z
      .array(z.string().regex(TAG, 'A tag has small letters, digits and hyphens, at most 20.'), {
        error: 'Give a list of tags.',
      })
      .max(MOST_TAGS, `Give at most ${MOST_TAGS} tags.`),
    [],
    'tag',
    'What this server has that not every one does: it is given the jobs of templates that require it (`tags` of a template).',
    'none',
  ),
  slots: option(
    whole(1, 256),
    availableParallelism(),
    'renderers',
    'Renderers at work at the same time.',
    'number of cores',
  ),
  standby: option(
    whole(0, 16),
    1,
    'renderers',
    'Renderers that wait to take the seat of one that died or is recycled; 0 starts one when it is needed.',
  ),
  maxJobs: option(
    whole(1, 1_000_000),
    500,
    'jobs',
    'Jobs after which a renderer is recycled (up to a tenth earlier, by chance).',
  ),
  maxMemory: option(
    size,
    '512MB',
    'size',
    'Memory of a renderer and its children, between jobs, above which it is recycled.',
  ),
  maxMemoryHard: option(
    size,
    '3GB',
    'size',
    'Memory of a renderer and its children, mid-job, at which it is killed and its job tried again.',
  ),
  maxAge: option(duration, '6h', 'time', 'Age at which a renderer is recycled.'),
  minLifetime: option(
    duration,
    '30s',
    'time',
    'A renderer is not recycled for its memory or files before this age, unless it has grown by a quarter of the limit.',
  ),
  lease: option(atLeast(1000), '30s', 'time', 'How long a claim holds without renewal.'),
  poll: option(
    duration,
    '1s',
    'time',
    'Longest time between two looks for jobs while idle, at an embedded store; one on SQL Server is asked every 0.25 to 2 s.',
  ),
  ageing: option(
    duration,
    '1min',
    'time',
    'After each of these that it has waited, a due job counts as of one priority more, up to the highest that waits.',
  ),
  heartbeat: option(duration, '3s', 'time', 'Time between heartbeats of a renderer.'),
  silent: option(duration, '15s', 'time', 'A renderer that says nothing for this long is killed.'),
  boot: option(duration, '60s', 'time', 'A renderer that is not ready after this long is killed.'),
  stall: option(duration, '120s', 'time', 'A job without progress for this long is stopped and tried again.'),
  meter: option(duration, '1s', 'time', "Time between two looks at the renderers' memory."),
  maxAttempts: option(whole(1, 100), 3, 'attempts', 'Failures after which a job is dead.'),
  maxCrashes: option(whole(1, 100), 3, 'renderers', 'Renderers that a job may end before it is set aside as poison.'),
  drain: option(duration, '60s', 'time', 'How long a drain may take before what is left is given back.'),
  leave: option(
    durationOrNone,
    0,
    'time',
    'How long a service that is told to end serves on while `/readyz` says that it leaves: longer than a switch before it needs to notice.',
  ),
  diskFloor: option(
    sizeOrNone,
    '1GB',
    'size',
    'Disk that has to stay free in the data folder: with less, no jobs are claimed until a tenth more is free. 0 for none.',
  ),
  maxPhrases: option(sizeOrNone, '1GB', 'size', 'Disk for words that were encoded before; 0 keeps none.'),
  prepare: option(
    z.enum(['used', 'all', 'none'], { error: 'Give used, all or none.' }),
    'used',
    'which',
    'Editions that the farm prepares beside its work: those a job asked for, those of all installed templates, or none.',
  ),
  keepEditions: option(duration, '14d', 'time', 'Editions that no job used for this long are deleted.'),
  keepJobs: option(age, '30d', 'time', 'Finished jobs and their files are deleted this long after they were rendered.'),
  keepFailed: option(age, '30d', 'time', 'Dead and cancelled jobs are deleted after this long.'),
  keepWords: option(age, '7d', 'time', "A finished job's words are erased after this long; the rest of it stays."),
  partners: {
    schema: partnersSchema.optional(),
    fallback: undefined,
    unit: 'object',
    text: 'Who may use the API, by their keys, and where they are told of their jobs.',
    usual: 'none: the API is open',
    isSecret: true,
  },
  callbackTimeout: option(
    duration,
    '15s',
    'time',
    "How long a partner's server may take to answer a callback; then it is tried again.",
  ),
  bodyLimit: option(size, '64KiB', 'size', 'Largest request body that the front takes.'),
  logLevel: option(
    z.enum(LOG_LEVELS, { error: `Give one of ${LOG_LEVELS.join(', ')}.` }),
    'info',
    'level',
    'The least important lines that are logged.',
  ),
} satisfies Record<string, Option>;

export type OptionName = keyof typeof OPTIONS;

/** What parts the members of a list in the environment and in a flag. */
const SEPARATORS: Readonly<Record<string, string>> = { templateFolders: delimiter, tags: ',' };
export const isList = (name: OptionName): boolean => Object.hasOwn(SEPARATORS, name);
export const listOf = (name: OptionName, text: string): string[] =>
  text === '' ? [] : text.split(SEPARATORS[name] ?? delimiter);

export type Config = { readonly [K in OptionName]: z.output<(typeof OPTIONS)[K]['schema']> };

/** Pairs of which the first must be the greater: else every renderer would be killed for nothing. */
export const GREATER: readonly (readonly [OptionName, OptionName])[] = [
  ['maxMemoryHard', 'maxMemory'],
  ['silent', 'heartbeat'],
];

/** Options that change in a running farm when its configuration is read again (`storyfarm reload`); the others need a restart. */
export const LIVE: readonly OptionName[] = [
  ...([
    'slots',
    'standby',
    'maxJobs',
    'maxMemory',
    'maxMemoryHard',
    'maxAge',
    'minLifetime',
    'lease',
    'poll',
    'ageing',
  ] as const),
  ...(['silent', 'boot', 'stall', 'meter', 'maxAttempts', 'maxCrashes', 'drain', 'diskFloor', 'maxPhrases'] as const),
  ...(['ffmpegPath', 'prepare', 'tags', 'logLevel', 'keepJobs', 'keepFailed', 'keepWords'] as const),
];

/** The default as help and documents show it: the same on every machine. */
export function usualOf(name: OptionName): string {
  const { usual, fallback }: Option = OPTIONS[name];
  return usual ?? String(fallback);
}

/** dataFolder: --data-folder, STORYFARM_DATA_FOLDER. */
export const flagOf = (name: string): string => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
export const variableOf = (name: string): string =>
  `STORYFARM_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
