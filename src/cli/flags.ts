/** Flags of commands: those of the configuration, whose help is made from the table of options, and how a value is read. */

import { resolve } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { asStoryfarmError, StoryfarmError } from '../errors.js';
import { type LoadedConfig, loadConfig } from './config.js';
import { flagOf, isList, listOf, OPTIONS, type OptionName, usualOf } from './options.js';

/** Adds `--config` and a flag for each named option. */
export function withOptions(command: Command, names: readonly OptionName[]): Command {
  command.addOption(
    new Option('--config <file>', 'The configuration file. [storyfarm.config.json here, if there is one]'),
  );
  for (const name of names) {
    const { text, unit } = OPTIONS[name];
    const option = new Option(`${flagOf(name)} <${unit}>`, `${text} [${usualOf(name)}]`);
    if (isList(name)) {
      // Not one flag with many values: it would swallow the arguments after it.
      option.argParser((value, known: readonly string[] = []) => [...known, ...listOf(name, value)]);
      option.description += ' Repeat for more.';
    }
    command.addOption(option);
  }
  return command;
}

/** The configuration of a command that was called with flags; `file` is read where no flag names another. Throws `config_invalid`. */
export function configOf(command: Command, file?: string): LoadedConfig {
  const { config = file, ...flags } = command.opts<Record<string, unknown>>();
  return loadConfig({ flags, ...(typeof config === 'string' ? { file: config } : {}) });
}

/** The flags of the configuration with which a command was called, to be typed again after another; each with a space before it. */
export function flagsAgain(command: Command): string {
  const words = Object.entries(command.opts<Record<string, unknown>>()).flatMap(([name, value]) =>
    name === 'config' || Object.hasOwn(OPTIONS, name)
      ? [value].flat().map((each) => [flagOf(name), quoted(String(each))])
      : [],
  );
  return words.map(([flag, value]) => ` ${flag} ${value}`).join('');
}

const quoted = (value: string) => (/^[\w./:,=-]+$/.test(value) ? value : JSON.stringify(value));

/** The data folder that a command is about. Where a flag names it nothing else is read: no broken configuration keeps anybody from draining a farm. */
export function dataFolderOf(command: Command): string {
  const { dataFolder } = command.opts<{ dataFolder?: string }>();
  if (dataFolder !== undefined) return resolve(dataFolder);
  try {
    return configOf(command).config.dataFolder;
  } catch (cause) {
    const { code, message, complaints } = asStoryfarmError(cause);
    throw new StoryfarmError(code, message, { cause, complaints, hint: 'With --data-folder nothing of it is needed.' });
  }
}

/** Options that say where things are; every command takes them. */
export const PLACES: readonly OptionName[] = ['dataFolder', 'templateFolders', 'store', 'storage', 'ffmpegPath'];
export const FARM: readonly OptionName[] = [
  'server',
  'tags',
  'slots',
  'maxJobs',
  'maxMemory',
  'maxMemoryHard',
  'maxAge',
  'lease',
  'drain',
  'maxAttempts',
  'maxCrashes',
  'diskFloor',
];

/** Collects `--words hello=Hi` and the like into an object; the value may contain further equal signs. */
export function collectPair(text: string, known: Record<string, string> = {}): Record<string, string> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError(`Give name=value, such as hello="How are you?".`);
  const name = text.slice(0, at);
  if (Object.hasOwn(known, name)) throw new InvalidArgumentError(`"${name}" is given twice.`);
  return { ...known, [name]: text.slice(at + 1) };
}

/** Reads a whole number within bounds. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (/^-?\d+$/.test(text) && number >= least && number <= most) return number;
    throw new InvalidArgumentError(`Give a whole number from ${least} to ${most}.`);
  };
}

/** Reads the address of a front. */
export function webAddress(text: string): string {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text;
  throw new InvalidArgumentError('Give an address such as http://127.0.0.1:8080.');
}

/** Reads a key as the API takes it. */
export function idempotencyKey(text: string): string {
  if (/^[\x20-\x7e]{1,255}$/.test(text)) return text;
  throw new InvalidArgumentError('Give 1 to 255 printable ASCII characters.');
}
