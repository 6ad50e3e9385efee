/** `storyfarm templates …`: what an operator does with templates. */

import { Command } from 'commander';
import { newCommand } from './templates/new.js';
import { prepareCommand } from './templates/prepare.js';
import { previewCommand } from './templates/preview.js';
import { listCommand, showCommand } from './templates/show.js';
import { validateCommand } from './templates/validate.js';

export function templatesCommand(): Command {
  const group = new Command('templates').description('Make, check and look at templates.');
  for (const command of [
    newCommand(),
    validateCommand(),
    listCommand(),
    showCommand(),
    prepareCommand(),
    previewCommand(),
  ])
    group.addCommand(command);
  return group;
}
