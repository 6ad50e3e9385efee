/** `storyfarm reload`: the running farm reads its configuration again. */

import { Command } from 'commander';
import { forFarm, tellFarm } from '../control/command.js';
import type { Results } from '../control/protocol.js';
import { LIVE, OPTIONS, type OptionName } from '../options.js';
import { table } from '../table.js';
import { readable, shown } from './config.js';

export function reloadCommand(): Command {
  return forFarm(new Command('reload').description('Let the running farm read its configuration again.'))
    .addHelpText(
      'after',
      `\nThe flags with which it was started still stand over it. A configuration that is not valid is refused, and the old one stays in force.\nThese options change at once: ${LIVE.join(', ')}.`,
    )
    .action((_options, command: Command) => tellFarm(command, { do: 'reload' }, reloaded));
}

function reloaded({ file, changed, restart, recycles }: Results['reload']): string {
  const lines = [file === null ? 'There is no configuration file.' : `Read ${file}.`];
  if (changed.length === 0 && restart.length === 0) lines[0] += ' Nothing has changed.';
  if (changed.length > 0) {
    const rows = changed.map(({ name, from, to }) => [name, written(name, from), written(name, to)]);
    lines.push('', table(['option', 'was', 'is'], rows));
  }
  if (recycles || restart.length > 0) lines.push('');
  if (recycles) lines.push('Renderers will be replaced for it, one after the other.');
  if (restart.length > 0) lines.push(`After a restart only: ${restart.join(', ')}.`);
  return lines.join('\n');
}

function written(name: string, value: unknown): string {
  const unit = Object.hasOwn(OPTIONS, name) ? OPTIONS[name as OptionName].unit : '';
  return readable(shown(value ?? undefined), unit) || '(none)';
}
