/** `storyfarm pause` and `storyfarm resume`: whether the farm claims jobs. */

import { Command } from 'commander';
import { counted, forFarm, tellFarm } from '../control/command.js';
import type { Results } from '../control/protocol.js';

export function pauseCommand(): Command {
  return forFarm(new Command('pause').description('Let the running farm claim no more jobs until `storyfarm resume`.'))
    .argument('[reason...]', 'why, for whoever looks at `storyfarm status` or /readyz')
    .addHelpText('after', '\nJobs under way are finished. The renderers stay, and work goes on at once after `resume`.')
    .action((words: string[], _options, command: Command) =>
      tellFarm(command, { do: 'pause', reason: words.join(' ') }, paused),
    );
}

export function resumeCommand(): Command {
  return forFarm(
    new Command('resume').description('Let the running farm claim jobs again after `storyfarm pause`.'),
  ).action((_options, command: Command) => tellFarm(command, { do: 'resume' }, resumed));
}

function paused({ paused: reason, jobs }: Results['pause']): string {
  const present = jobs > 0 ? ` ${counted(jobs, 'job')} under way will be finished.` : '';
  return `Claims are paused${reason ? `: ${reason}` : ''}.${present}`;
}

function resumed({ wasPaused, ready, reason }: Results['resume']): string {
  const said = wasPaused ? 'Claims go on.' : 'Claims were not paused.';
  return ready ? said : `${said} But the farm takes no jobs: ${reason}.`;
}
