/**
 * Every option of Storyfarm in one place: name, default, unit, meaning. config.ts reads their values from the file, the environment and the flags; the commands'
 * help, `storyfarm config` and docs/configuration.md are made from this table.
 */

import { availableParallelism, hostname } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { packageFolder } from '../package.js';

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

function measured(units: Record<string, number>, bare: string, example: string) {
  return z.union([z.number(), z.string()]).transform((value, context) => {
    const parts = /^([\d.]+)\s*([a-zA-Z]*)$/.exec(String(value).trim());
    const unit = units[(parts?.[2] || bare).toLowerCase()];
    const number = Number(parts?.[1]);
    if (unit !== undefined && Number.isFinite(number) && number > 0) return number * unit;
    context.addIssue({ code: 'custom', message: `Give a number with a unit, such as ${example}.` });
    return z.NEVER;
  });
}

/** Milliseconds; written as 500, "30s", "6h". */
const duration = measured(UNITS, 'ms', '30s');
/** Bytes; written as 1048576, "512MB", "2GiB". */
const size = measured(SIZES, 'b', '512MB');
const whole = (least: number, most: number) => z.coerce.number().int().min(least).max(most);

export interface Option<T = unknown> {
  readonly schema: z.ZodType<T>;
  /** As it would be written in the configuration file. */
  readonly fallback: unknown;
  readonly unit: string;
  readonly text: string;
  /** Shown masked. */
  readonly secret?: boolean;
}

const option = <T>(schema: z.ZodType<T>, fallback: unknown, unit: string, text: string): Option<T> => ({
  schema,
  fallback,
  unit,
  text,
});

export const OPTIONS = {
  dataFolder: option(
    z.string().min(1),
    'var',
    'folder',
    'Where the embedded store, editions and finished files are kept.',
  ),
  templateFolders: option(
    z.array(z.string().min(1)).min(1),
    [join(packageFolder, 'templates')],
    'folders',
    'Where templates are installed: folders of templates, or templates.',
  ),
  store: option(
    z
      .string()
      .regex(/^(sqlite|mssql):/, 'Give sqlite:FILE or mssql://…')
      .optional(),
    undefined,
    'address',
    'The job store. Default: sqlite:storyfarm.db in the data folder.',
  ),
  ffmpegPath: option(
    z.string().min(1).optional(),
    undefined,
    'file',
    'The ffmpeg to use. Default: from PATH, else the one that npm installed.',
  ),
  host: option(z.string().min(1), '127.0.0.1', 'address', "Where front, files and the farm's metrics listen."),
  port: option(whole(0, 65535), 8080, 'port', 'Port of the front (`up`: of everything).'),
  filesPort: option(whole(0, 65535), 8081, 'port', 'Port of `storyfarm files`.'),
  farmPort: option(whole(0, 65535), 9464, 'port', 'Port of the metrics and health of `storyfarm farm`.'),
  filesUrl: option(
    z.url().optional(),
    undefined,
    'URL',
    "Public address of this server's files. Default: the address that `up` or `files` listens on.",
  ),
  server: option(z.string().min(1).max(64), hostname(), 'name', "This server's name in leases and rows."),
  slots: option(
    whole(1, 256),
    availableParallelism(),
    'renderers',
    'Renderers at work at the same time. Default: the number of cores.',
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
    'bytes',
    'Memory of a renderer and its children, between jobs, above which it is recycled.',
  ),
  maxMemoryHard: option(
    size,
    '3GB',
    'bytes',
    'Memory of a renderer and its children, mid-job, at which it is killed and its job tried again.',
  ),
  maxAge: option(duration, '6h', 'time', 'Age at which a renderer is recycled.'),
  lease: option(duration, '30s', 'time', 'How long a claim holds without renewal.'),
  poll: option(duration, '1s', 'time', 'Longest time between two looks for jobs while idle.'),
  heartbeat: option(duration, '500ms', 'time', 'Time between heartbeats of a renderer.'),
  silent: option(duration, '15s', 'time', 'A renderer that says nothing for this long is killed.'),
  boot: option(duration, '60s', 'time', 'A renderer that is not ready after this long is killed.'),
  stall: option(duration, '120s', 'time', 'A job without progress for this long is stopped and tried again.'),
  meter: option(duration, '1s', 'time', "Time between two looks at the renderers' memory."),
  maxAttempts: option(whole(1, 100), 3, 'attempts', 'Failures after which a job is dead.'),
  maxCrashes: option(whole(1, 100), 3, 'renderers', 'Renderers that a job may end before it is set aside as poison.'),
  drain: option(duration, '60s', 'time', 'How long a drain may take before what is left is given back.'),
  bodyLimit: option(size, '64KiB', 'bytes', 'Largest request body that the front takes.'),
  logLevel: option(
    z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']),
    'info',
    'level',
    'The least important lines that are logged.',
  ),
} satisfies Record<string, Option>;

export type OptionName = keyof typeof OPTIONS;
export type Config = { readonly [K in OptionName]: z.output<(typeof OPTIONS)[K]['schema']> };

/** dataFolder: --data-folder, STORYFARM_DATA_FOLDER. */
export const flagOf = (name: string): string => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
export const variableOf = (name: string): string =>
  `STORYFARM_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
