/** Configuration as flags of a command: the help is made from the table of options. */

import { type Command, InvalidArgumentError, Option } from 'commander';
import { type LoadedConfig, loadConfig } from './config.js';
import { flagOf, OPTIONS, type OptionName } from './options.js';

/** Adds `--config` and a flag for each named option. */
export function withOptions(command: Command, names: readonly OptionName[]): Command {
  command.addOption(
    new Option('--config <file>', 'configuration file (default: storyfarm.config.json here, if there is one)'),
  );
  for (const name of names) {
    const { text, unit, fallback } = OPTIONS[name];
    const many = Array.isArray(fallback);
    const shown = fallback === undefined || many ? '' : ` [${String(fallback)}]`;
    command.addOption(new Option(`${flagOf(name)} <${unit}${many ? '...' : ''}>`, `${text}${shown}`));
  }
  return command;
}

/** The configuration of a command that was called with flags. Throws `config_invalid`. */
export function configOf(command: Command): LoadedConfig {
  const { config, ...flags } = command.opts<Record<string, unknown>>();
  return loadConfig({ flags, ...(typeof config === 'string' ? { file: config } : {}) });
}

/** Options that say where things are; every command takes them. */
export const PLACES: readonly OptionName[] = ['dataFolder', 'templateFolders', 'store', 'ffmpegPath'];
export const FARM: readonly OptionName[] = [
  'server',
  'slots',
  'maxJobs',
  'maxMemory',
  'maxMemoryHard',
  'maxAge',
  'lease',
  'drain',
  'maxAttempts',
  'maxCrashes',
];

/** Collects `--words hello=Hi` and the like into an object; the value may contain further equal signs. */
export function collectPair(text: string, known: Record<string, string> = {}): Record<string, string> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError(`Give name=value, not ${JSON.stringify(text)}.`);
  return { ...known, [text.slice(0, at)]: text.slice(at + 1) };
}
