/** `storyfarm backup`: a copy of the embedded store, made while the farm runs. */

import { Command } from 'commander';
import { backUpStore } from '../../store/open.js';
import { configOf, withOptions } from '../flags.js';
import { bytesText, printJson } from '../table.js';

export function backupCommand(): Command {
  return withOptions(
    new Command('backup').description(
      'Copy the job store to a file, while Storyfarm runs. Finished files are not in it.',
    ),
    ['dataFolder', 'store'],
  )
    .argument('<file>', 'Where the copy goes.')
    .option('--replace', 'Replace the file if it is there; it stays until the new copy is whole.')
    .option('--json', 'Print one JSON object.')
    .action((to: string, { replace = false, json }: { replace?: boolean; json?: boolean }, command: Command) => {
      const { store = '' } = configOf(command).config;
      const { file, bytes, jobs } = backUpStore(store, to, { replace });
      if (json) return printJson({ store, file, bytes, jobs });
      process.stdout.write(`${file}: ${jobs} ${jobs === 1 ? 'job' : 'jobs'}, ${bytesText(bytes)}\n`);
    });
}
