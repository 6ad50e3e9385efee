/** `storyfarm drain` and `storyfarm stop`: the end of the running farm, after its present jobs or at once. */

import { Command } from 'commander';
import { counted, endFarm, forFarm } from '../control/command.js';
import type { Results } from '../control/protocol.js';
import { secondsText } from '../table.js';

const UNDER_PM2 = '\npm2 starts a farm that ended again; use `npx pm2 stop storyfarm-farm` there.';

const ends = (name: string, text: string): Command =>
  forFarm(new Command(name).description(text))
    .option('--no-wait', 'Do not wait until the farm has ended.')
    .addHelpText('after', UNDER_PM2);

export function drainCommand(): Command {
  return ends('drain', 'Let the running farm finish its present jobs and end.').action((_options, command: Command) =>
    endFarm(command, { do: 'drain' }, draining),
  );
}

export function stopCommand(): Command {
  return ends('stop', 'End the running farm now; its present jobs are queued again, uncounted.').action(
    (_options, command: Command) => endFarm(command, { do: 'stop' }, stopping),
  );
}

function draining({ mode, jobs, atMostMs }: Results['drain']): string {
  if (mode === 'stopping') return 'The farm is being stopped.';
  if (jobs === 0) return 'The farm has nothing under way and ends.';
  return `The farm finishes ${counted(jobs, 'job')} and ends, within ${secondsText(atMostMs / 1000)}.`;
}

function stopping({ jobs }: Results['stop']): string {
  return jobs === 0
    ? 'The farm is stopped.'
    : `The farm is stopped; ${counted(jobs, 'job')} under way will be queued again.`;
}
