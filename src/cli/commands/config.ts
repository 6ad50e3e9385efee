/** `storyfarm config`: the effective value of every option and where it came from. */

import { Command } from 'commander';
import { configOf, withOptions } from '../flags.js';
import { OPTIONS, type OptionName, variableOf } from '../options.js';
import { table } from '../table.js';

export function configCommand(): Command {
  const names = Object.keys(OPTIONS) as OptionName[];
  return withOptions(new Command('config').description('Print every option, its value and where it came from.'), names)
    .option('--json', 'print one JSON object')
    .action(({ json }: { json?: boolean }, command: Command) => {
      const { config, origins, file } = configOf(command);
      const rows = names.map((name) => ({
        name,
        value: shown(config[name]),
        origin: origins[name],
        variable: variableOf(name),
        unit: OPTIONS[name].unit,
        text: OPTIONS[name].text,
      }));
      if (json) process.stdout.write(`${JSON.stringify({ file: file ?? null, options: rows }, undefined, 2)}\n`);
      else {
        process.stdout.write(
          `${table(
            ['option', 'value', 'from', 'environment'],
            rows.map((row) => [row.name, row.value, row.origin, row.variable]),
          )}\n`,
        );
        process.stdout.write(
          `\n${file ? `Read from ${file}.` : 'No configuration file was read (storyfarm.config.json).'} Times are in milliseconds, sizes in bytes.\n`,
        );
      }
    });
}

/** Addresses may hold a password. */
function shown(value: unknown): string {
  const text = Array.isArray(value) ? value.join(', ') : value === undefined ? '' : String(value);
  return text.replace(/(:\/\/[^:@/\s]*):[^@\s]+@/g, '$1:***@').replace(/(password|pwd)=[^;&]+/gi, '$1=***');
}
