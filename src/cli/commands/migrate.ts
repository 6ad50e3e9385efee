/** `storyfarm migrate`: makes the tables of a store on SQL Server, or brings them up to date. */

import { Command } from 'commander';
import { migrateStore } from '../../store/open.js';
import { configOf, withOptions } from '../flags.js';
import { printJson } from '../table.js';

export function migrateCommand(): Command {
  return withOptions(
    new Command('migrate').description('Make the tables of a store on SQL Server, or bring them up to date.'),
    ['store'],
  )
    .option('--plan', 'Print what would be done, as a script for the database, and do nothing.')
    .option('--json', 'Print one JSON object.')
    .action(async ({ plan = false, json }: { plan?: boolean; json?: boolean }, command: Command) => {
      const { store = '' } = configOf(command).config;
      const { name, from, steps } = await migrateStore(store, { plan });
      const to = from + steps.length;
      if (json) printJson({ store: name, from, to, done: !plan, steps });
      else if (steps.length === 0) process.stdout.write(`${plan ? '-- ' : ''}${name}: schema ${to}, up to date\n`);
      else if (plan)
        process.stdout.write(
          `-- ${name}: from schema ${from} to ${to}\n${steps.map(({ text }) => `${text}\nGO`).join('\n')}\n`,
        );
      else process.stdout.write(`${name}: from schema ${from} to ${to}\n`);
    });
}
