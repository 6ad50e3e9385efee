/** Flags of the programs beside the tests: benches and verification. What they say goes to stderr; their answers have stdout. */

import { type ParseArgsConfig, parseArgs } from 'node:util';

export const say = (text: string) => process.stderr.write(`${text}\n`);

/** For whoever called it wrongly. */
export function refuse(text: string): never {
  say(text);
  process.exit(1);
}

export function readFlags<T extends ParseArgsConfig>(config: T): ReturnType<typeof parseArgs<T>>['values'] {
  try {
    return parseArgs(config).values;
  } catch (error) {
    return refuse((error as Error).message);
  }
}

/** A flag's whole number, not below `least`. */
export function wholeNumber(name: string, text: string, least: 0 | 1): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= least) return number;
  return refuse(`--${name}: give a whole number${least === 1 ? ' above 0' : ''}.`);
}
