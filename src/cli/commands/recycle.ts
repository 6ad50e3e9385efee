/** `storyfarm recycle`: new renderers for old ones, one after the other. */

import { Command } from 'commander';
import { counted, forFarm, tellFarm } from '../control/command.js';
import { MOST_SLOTS, type Results } from '../control/protocol.js';
import { wholeNumber } from '../flags.js';

export function recycleCommand(): Command {
  return forFarm(new Command('recycle').description('Replace the renderers of the running farm, one after the other.'))
    .option('--slot <number>', 'Only that of this slot.', wholeNumber(0, MOST_SLOTS - 1))
    .addHelpText('after', '\nNo job is interrupted: each is replaced between two jobs, when its successor is ready.')
    .action(({ slot }: { slot?: number }, command: Command) =>
      tellFarm(command, { do: 'recycle', ...(slot === undefined ? {} : { slot }) }, recycling),
    );
}

function recycling({ slots }: Results['recycle']): string {
  if (slots.length === 0) return 'There is no renderer to replace.';
  const which = slots.length === 1 ? `slot ${slots[0]}` : `slots ${slots.join(', ')}`;
  return `${counted(slots.length, 'renderer')} will be replaced: ${which}.`;
}
