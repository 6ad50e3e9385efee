/**
 * The configuration: defaults < file (storyfarm.config.json) < environment (STORYFARM_*) < flags. One typed object comes out, with where each value came from;
 * an unknown key or a bad value is an error that names its place.
 */

import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { z } from 'zod';
import { type Complaint, StoryfarmError } from '../errors.js';
import { type Config, flagOf, OPTIONS, type Option, type OptionName, variableOf } from './options.js';

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
/** Read from the environment by other parts: by tests, by bin/leash, and the file's name here. */
const OTHER_VARIABLES = new Set(['STORYFARM_CONFIG', 'STORYFARM_LEASHED']);

const names = Object.keys(OPTIONS) as OptionName[];
const isName = (name: string): name is OptionName => Object.hasOwn(OPTIONS, name);

/** Throws `config_invalid` with a complaint per bad value. */
export function loadConfig({
  flags = {},
  env = process.env,
  file = env.STORYFARM_CONFIG,
}: ConfigSources = {}): LoadedConfig {
  const complaints: Complaint[] = [];
  const path = file ?? (existsSync(FILE) ? FILE : undefined);
  const fromFile = path === undefined ? {} : readFile(path, complaints);
  const fromEnvironment = readEnvironment(env, complaints);
  const values: Partial<Record<OptionName, unknown>> = {};
  const origins: Partial<Record<OptionName, Origin>> = {};
  for (const name of names) {
    const { schema, fallback }: Option = OPTIONS[name];
    const [origin, raw, place] = pick(name, flags, fromEnvironment, fromFile, fallback, path);
    const parsed = schema.safeParse(raw);
    if (parsed.success) values[name] = parsed.data;
    else complaints.push(complain(`/${name}`, `${place}: ${z.prettifyError(parsed.error).replace(/^✖ /, '')}`));
    origins[name] = origin;
  }
  if (complaints.length > 0) {
    const text = complaints.map(({ detail }) => detail).join('; ');
    throw new StoryfarmError('config_invalid', `The configuration is not valid: ${text}`, { complaints });
  }
  const config = values as Config;
  const dataFolder = resolve(config.dataFolder);
  const store = config.store ?? `sqlite:${join(dataFolder, 'storyfarm.db')}`;
  const templateFolders = config.templateFolders.map((folder) => resolve(folder));
  return {
    config: { ...config, dataFolder, store, templateFolders },
    origins: origins as Record<OptionName, Origin>,
    file: path,
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
  try {
    const raw: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) throw new Error('it is not an object');
    for (const key of Object.keys(raw)) {
      if (key !== '$schema' && !isName(key))
        complaints.push(complain(`/${key}`, `${path} /${key}: there is no such option${nearest(key)}.`));
    }
    return raw as Record<string, unknown>;
  } catch (cause) {
    throw new StoryfarmError('config_invalid', `${path} cannot be read: ${(cause as Error).message}`, {
      cause,
      file: path,
    });
  }
}

function readEnvironment(env: NodeJS.ProcessEnv, complaints: Complaint[]): Partial<Record<OptionName, unknown>> {
  const byVariable = new Map(names.map((name) => [variableOf(name), name]));
  const found: Partial<Record<OptionName, unknown>> = {};
  for (const [variable, value] of Object.entries(env)) {
    if (!variable.startsWith('STORYFARM_') || OTHER_VARIABLES.has(variable) || variable.startsWith('STORYFARM_TEST_'))
      continue;
    const name = byVariable.get(variable);
    if (!name) complaints.push(complain(`/${variable}`, `${variable}: there is no such option.`));
    else found[name] = name === 'templateFolders' ? value?.split(delimiter) : value;
  }
  return found;
}

/** The option that differs least, when one is near. */
function nearest(key: string): string {
  const near = names.find(
    (name) => name.toLowerCase() === key.toLowerCase() || name.startsWith(key) || key.startsWith(name),
  );
  return near ? ` (did you mean ${near}?)` : '';
}

const complain = (pointer: string, detail: string): Complaint => ({ pointer, code: 'config_invalid', detail });
