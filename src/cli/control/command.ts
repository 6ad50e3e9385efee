/** What the commands have in common that tell a running farm what to do. */

import type { Command } from 'commander';
import { asStoryfarmError, StoryfarmError } from '../../errors.js';
import { dataFolderOf, withOptions } from '../flags.js';
import { interruptible } from '../signals.js';
import { printJson } from '../table.js';
import { askAndAwait, askFarm } from './client.js';
import type { Request, Results } from './protocol.js';

/** Adds where the farm is, and in which form to answer. */
export const forFarm = (command: Command): Command =>
  withOptions(command, ['dataFolder']).option('--json', 'Print one JSON object.');

/** Asks the farm, and prints its answer: for programs as it is, for people as `text` says it. */
export async function tellFarm<R extends Request>(
  command: Command,
  request: R,
  text: (result: Results[R['do']]) => string,
): Promise<void> {
  print(command, await askFarm(dataFolderOf(command), request), text);
}

/** The same with a request that ends the farm; then waits for its end, unless `--no-wait` was given. */
export async function endFarm<R extends Request>(
  command: Command,
  request: R,
  text: (result: Results[R['do']]) => string,
): Promise<void> {
  const { wait, json } = command.opts<{ wait: boolean; json?: boolean }>();
  if (!wait) return tellFarm(command, request, text);
  const folder = dataFolderOf(command);
  try {
    await interruptible((signal) => askAndAwait(folder, request, (result) => print(command, result, text), signal));
  } catch (cause) {
    const error = asStoryfarmError(cause);
    if (error.code !== 'aborted') throw error;
    const hint = 'The farm ends all the same; `storyfarm status` shows how far it is.';
    throw new StoryfarmError(error.code, error.message, { cause, hint });
  }
  if (!json) process.stdout.write('The farm has ended.\n');
}

function print<R extends object>(command: Command, result: R, text: (result: R) => string): void {
  if (command.opts<{ json?: boolean }>().json) printJson(result);
  else process.stdout.write(`${text(result)}\n`);
}

/** 1 job, 2 jobs. */
export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
