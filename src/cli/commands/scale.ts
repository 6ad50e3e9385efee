/** `storyfarm scale`: more or fewer renderers, while the farm works. */

import { Command } from 'commander';
import { counted, forFarm, tellFarm } from '../control/command.js';
import { MOST_SLOTS, type Results } from '../control/protocol.js';
import { wholeNumber } from '../flags.js';

export function scaleCommand(): Command {
  return forFarm(new Command('scale').description('Change the number of slots of the running farm.'))
    .argument(
      '<slots>',
      'how many renderers are to work at the same time; 0 keeps the farm without any',
      wholeNumber(0, MOST_SLOTS),
    )
    .addHelpText(
      'after',
      '\nNo job is interrupted: a slot that is too many is emptied when its job has ended.\nIt holds until the farm restarts, or `slots` changes in its configuration (`storyfarm reload`).',
    )
    .action((slots: number, _options, command: Command) => tellFarm(command, { do: 'scale', slots }, scaled));
}

function scaled({ slots, before, finishing }: Results['scale']): string {
  if (slots === before) return `${counted(slots, 'slot')}, as before.`;
  const last =
    finishing > 0 ? ` ${counted(finishing, 'renderer')} of the others will finish the present job first.` : '';
  return `${counted(slots, 'slot')}, ${before} before.${last}`;
}
