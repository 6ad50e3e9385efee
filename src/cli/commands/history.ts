/** `storyfarm history`: what became of one job, event by event, with the cause of each failure. */

import { Command } from 'commander';
import { StoryfarmError } from '../../errors.js';
import { historyDocument, historyText } from '../history.js';
import { forStore, inStore } from '../store-command.js';

export function historyCommand(): Command {
  return forStore(new Command('history').description('Print what became of a job, and why. Never its words.'))
    .argument('<job>', 'its id (`storyfarm status`)')
    .addHelpText(
      'after',
      '\nTimes are UTC. An attempt that was interrupted is not counted: the next one has\nits number. The fence is the number of the claim, as in the log.',
    )
    .action((id: string, _options, command: Command) =>
      inStore(
        command,
        async (store) => {
          const job = await store.get(id);
          if (!job) throw unknown(id);
          return historyDocument(job, await store.history(id));
        },
        (document) => historyText(document, Date.now()),
      ),
    );
}

const unknown = (id: string): StoryfarmError =>
  new StoryfarmError('unknown_job', `There is no job ${JSON.stringify(id)}.`, {
    hint: '`storyfarm status` shows the latest ids. A job is deleted when keepJobs, or keepFailed, has passed since it finished.',
  });
