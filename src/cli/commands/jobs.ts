/** `storyfarm jobs …`: what an operator does with jobs. */

import { Command } from 'commander';
import { rerenderCommand } from './jobs/rerender.js';

export function jobsCommand(): Command {
  return new Command('jobs').description('Have the files of finished jobs made anew.').addCommand(rerenderCommand());
}
