/**
 * The configuration: defaults < file (storyfarm.config.json) < environment (STORYFARM_*) < flags. One typed object comes out, with where each value came from;
 * an unknown key or a bad value is an error that names its place.
 */

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { z } from 'zod';
import { type Complaint, StoryfarmError } from '../errors.js';
import {
  type Config,
  flagOf,
  GREATER,
  isList,
  listOf,
  OPTIONS,
  type Option,
  type OptionName,
  variableOf,
} from './options.js';

export type Origin = 'default' | 'file' | 'environment' | 'flag';

export interface LoadedConfig {
  readonly config: Config;
  readonly origins: Readonly<Record<OptionName, Origin>>;
  /** The file that was read, if any. */
  readonly file: string | undefined;
}

export interface ConfigSources {
  readonly flags?: Readonly<Record<string, unknown>>;
  readonly env?: NodeJS.ProcessEnv;
  /** Read this file; default: storyfarm.config.json in the present folder, if it is there. */
  readonly file?: string | undefined;
}

const FILE = 'storyfarm.config.json';
/** Read from the environment by others: the file's name here, address and key by `submit`, the last by bin/leash. */
const OTHER_VARIABLES = new Set(['STORYFARM_CONFIG', 'STORYFARM_URL', 'STORYFARM_KEY', 'STORYFARM_LEASHED']);
const REMEDY = '`storyfarm config --help` and docs/configuration.md tell every option, its unit and its default.';

const names = Object.keys(OPTIONS) as OptionName[];
const isName = (name: string): name is OptionName => Object.hasOwn(OPTIONS, name);

/** Throws `config_invalid` with a complaint per bad value. */
export function loadConfig({
  flags = {},
  env = process.env,
  file = env.STORYFARM_CONFIG || undefined,
}: ConfigSources = {}): LoadedConfig {
  const complaints: Complaint[] = [];
  const path = file ?? (existsSync(FILE) ? FILE : undefined);
  const fromFile = path === undefined ? {} : readFile(path, complaints);
  const fromEnvironment = readEnvironment(env, complaints);
  const values: Partial<Record<OptionName, unknown>> = {};
  const origins: Partial<Record<OptionName, Origin>> = {};
  const places: Partial<Record<OptionName, string>> = {};
  for (const name of names) {
    const { schema, fallback, isSecret }: Option = OPTIONS[name];
    const [origin, raw, place] = pick(name, flags, fromEnvironment, fromFile, fallback, path);
    const parsed = schema.safeParse(raw);
    if (parsed.success) values[name] = parsed.data;
    else {
      const came = isSecret ? '' : JSON.stringify(raw).slice(0, 60);
      complaints.push(complain(name, `${place}${objection(parsed.error, came)}`));
    }
    origins[name] = origin;
    places[name] = place;
  }
  for (const [more, less] of GREATER) {
    if ((values[more] as number) <= (values[less] as number))
      complaints.push(complain(more, `${places[more]}: ${more} must be greater than ${less}.`));
  }
  if (complaints.length > 0) throw invalid(complaints);
  return {
    config: located(values as Config, (name) => (origins[name] === 'file' ? dirname(path ?? '') : '')),
    origins: origins as Record<OptionName, Origin>,
    file: path,
  };
}

/** Places made absolute: those in a file begin at the file, others at the present folder. */
function located(config: Config, from: (name: OptionName) => string): Config {
  const dataFolder = resolve(from('dataFolder'), config.dataFolder);
  const store = config.store ?? `sqlite:${join(dataFolder, 'storyfarm.db')}`;
  return {
    ...config,
    dataFolder,
    store: store.replace(/^sqlite:(?![/:])(.*[^/])$/, (_, file: string) => `sqlite:${resolve(from('store'), file)}`),
    templateFolders: config.templateFolders.map((folder) => resolve(from('templateFolders'), folder)),
    ffmpegPath: config.ffmpegPath === undefined ? undefined : resolve(from('ffmpegPath'), config.ffmpegPath),
  };
}

function pick(
  name: OptionName,
  flags: Readonly<Record<string, unknown>>,
  env: Partial<Record<OptionName, unknown>>,
  file: Record<string, unknown>,
  fallback: unknown,
  path: string | undefined,
): [Origin, unknown, string] {
  if (flags[name] !== undefined) return ['flag', flags[name], flagOf(name)];
  if (env[name] !== undefined) return ['environment', env[name], variableOf(name)];
  if (Object.hasOwn(file, name)) return ['file', file[name], `${path} /${name}`];
  return ['default', fallback, `default of ${name}`];
}

function readFile(path: string, complaints: Complaint[]): Record<string, unknown> {
  let raw: unknown;
  try {
    raw = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw unreadable(path, 'There is no configuration file', '', cause);
    throw unreadable(path, 'The configuration file cannot be read:', ` (${message})`, cause);
  }
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw))
    throw unreadable(path, 'The configuration file must hold one JSON object:');
  for (const key of Object.keys(raw)) {
    if (key === '$schema' || isName(key)) continue;
    complaints.push(complain(key, `${path} /${key}: there is no such option${meant(key, (name) => name)}.`));
  }
  return raw as Record<string, unknown>;
}

function readEnvironment(env: NodeJS.ProcessEnv, complaints: Complaint[]): Partial<Record<OptionName, unknown>> {
  const byVariable = new Map(names.map((name) => [variableOf(name), name]));
  const found: Partial<Record<OptionName, unknown>> = {};
  for (const [variable, value] of Object.entries(env)) {
    if (!variable.startsWith('STORYFARM_') || OTHER_VARIABLES.has(variable) || variable.startsWith('STORYFARM_TEST_'))
      continue;
    const name = byVariable.get(variable);
    if (name) found[name] = isList(name) && value !== undefined ? listOf(name, value) : value;
    else {
      const guess = meant(variable.slice('STORYFARM_'.length), variableOf);
      complaints.push(complain(variable, `${variable}: there is no such option${guess}.`));
    }
  }
  return found;
}

/** The option that differs least, when one is near. */
function meant(key: string, written: (name: OptionName) => string): string {
  const bare = (text: string) => text.toLowerCase().replace(/[^a-z]/g, '');
  const wanted = bare(key);
  const near = names.find((name) => bare(name) === wanted) ?? names.find((name) => begins(bare(name), wanted));
  return near ? ` (did you mean ${written(near)}?)` : '';
}

const begins = (a: string, b: string) => b.length > 2 && (a.startsWith(b) || b.startsWith(a));

/** Where in the value, what is wanted there, and what came instead, unless that is a secret. */
function objection({ issues: [issue] }: z.ZodError, came: string): string {
  const { path = [], message: wanted = '' } = issue ?? {};
  const place = came ? '' : path.map((step) => `/${String(step)}`).join('');
  return `${place}: ${came ? `${wanted.replace(/\.$/, '')}, not ${came}.` : wanted}`;
}

function invalid(complaints: readonly Complaint[]): StoryfarmError {
  const [first] = complaints;
  const message =
    complaints.length === 1 && first
      ? `The configuration is not valid: ${first.detail}`
      : `The configuration is wrong in ${complaints.length} places.`;
  return new StoryfarmError('config_invalid', message, { complaints, hint: REMEDY });
}

function unreadable(file: string, what: string, why = '', cause?: unknown): StoryfarmError {
  return new StoryfarmError('config_invalid', `${what} ${file}${why}.`, { file, cause, hint: REMEDY });
}

const complain = (key: string, detail: string): Complaint => ({
  pointer: `/${key}`,
  code: 'config_invalid',
  detail,
});
