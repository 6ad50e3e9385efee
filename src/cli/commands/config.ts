/** `storyfarm config`: the effective value of every option and where it came from. */

import { Command } from 'commander';
import { configOf, withOptions } from '../flags.js';
import { OPTIONS, type OptionName, variableOf } from '../options.js';
import { printJson, table } from '../table.js';

export function configCommand(): Command {
  const names = Object.keys(OPTIONS) as OptionName[];
  return withOptions(new Command('config').description('Print every option, its value and where it came from.'), names)
    .option('--json', 'Print one JSON object.')
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
      if (json) return printJson({ file: file ?? null, options: rows });
      const lines = rows.map((row) => [row.name, readable(row.value, row.unit), row.origin]);
      const source = file ? `Read from ${file}.` : 'No configuration file was read (storyfarm.config.json).';
      process.stdout.write(
        `${table(['option', 'value', 'from'], lines)}\n\n${source}\n` +
          'Each is a key of the file, a variable (maxJobs: STORYFARM_MAX_JOBS) and a flag\n' +
          '(--max-jobs) of the commands that use it.\n',
      );
    });
}

/** Addresses may hold a password. Of partners the names are shown, and not their keys. */
export function shown(value: unknown): string {
  const parts = typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.keys(value) : value;
  const text = Array.isArray(parts) ? parts.join(', ') : parts === undefined ? '' : String(parts);
  return text.replace(/(:\/\/[^:@/\s]*):[^\s]+@/g, '$1:***@').replace(/(password|pwd|secret|token)=[^;&]+/gi, '$1=***');
}

const STEPS: Readonly<Record<string, readonly (readonly [string, number])[]>> = {
  time: [
    ['h', 3_600_000],
    ['min', 60_000],
    ['s', 1000],
    ['ms', 1],
  ],
  size: [
    ['GB', 1e9],
    ['GiB', 2 ** 30],
    ['MB', 1e6],
    ['MiB', 2 ** 20],
    ['kB', 1000],
    ['KiB', 1024],
    ['B', 1],
  ],
};

/** Times and sizes in the largest unit of which they are whole numbers; as they may be written, too. */
export function readable(value: string, unit: string): string {
  const step = STEPS[unit]?.find(([, factor]) => Number(value) % factor === 0);
  return step ? `${Number(value) / step[1]}${step[0]}` : value;
}
