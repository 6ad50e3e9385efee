/**
 * The command line. Each command is a file in commands/; this one knows them, gives them their configuration, and turns whatever they throw into a message with its
 * remedy and an exit code: 1 when the work failed, 2 when the call or the configuration was wrong.
 */

import { Command, CommanderError } from 'commander';
import { asStoryfarmError, type StoryfarmError } from '../errors.js';
import { version } from '../package.js';
import { configCommand } from './commands/config.js';
import { demoCommand } from './commands/demo.js';
import { doctorCommand } from './commands/doctor.js';
import { renderCommand } from './commands/render.js';
import { serviceCommands } from './commands/services.js';
import { statusCommand } from './commands/status.js';
import { submitCommand } from './commands/submit.js';
import { templatesCommand } from './commands/templates.js';

const USAGE = new Set(['config_invalid', 'invalid_request']);

export async function main(argv: readonly string[]): Promise<number> {
  const program = new Command('storyfarm')
    .description('A render farm for personalised video messages.')
    .version(version)
    .configureHelp({ showGlobalOptions: true, sortSubcommands: false })
    .exitOverride()
    .showSuggestionAfterError();
  for (const command of [
    ...serviceCommands(),
    submitCommand(),
    statusCommand(),
    renderCommand(),
    templatesCommand(),
    doctorCommand(),
    configCommand(),
    demoCommand(),
  ]) {
    program.addCommand(command.copyInheritedSettings(program));
  }
  try {
    await program.parseAsync(argv);
    return Number(process.exitCode ?? 0);
  } catch (thrown) {
    // Commander has written its message already; help and version are no errors.
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : 2;
    const error = asStoryfarmError(thrown);
    process.stderr.write(`${describe(error)}\n`);
    return USAGE.has(error.code) ? 2 : 1;
  }
}

/** What went wrong, where, and what to do: for a person at a terminal. */
function describe(error: StoryfarmError): string {
  const lines = [`storyfarm: ${error.message} (${error.code})`];
  if (error.complaints.length > 1)
    lines.push(...error.complaints.map(({ pointer, detail }) => `  ${pointer || '/'}  ${detail}`));
  lines.push(`  -> ${error.hint}`);
  if (error.code === 'internal' && error.cause instanceof Error) lines.push(error.cause.stack ?? '');
  else if (error.cause instanceof Error && error.code === 'ffmpeg_failed') lines.push(indent(error.cause.message));
  return lines.join('\n');
}

const indent = (text: string) =>
  text
    .split('\n')
    .map((line) => `     ${line}`)
    .join('\n');
