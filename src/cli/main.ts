/**
 * The command line. Each command is a file in commands/; this one knows them, gives them their configuration, and turns whatever they throw into a message with its
 * remedy and an exit code: 1 when the work failed, 2 when the call or the configuration was wrong, 130 or 143 when a signal stopped it. Standard output holds the
 * answer and nothing else.
 */

import { Command, CommanderError } from 'commander';
import type { ErrorCode, StoryfarmError } from '../errors.js';
import { version } from '../package.js';
import { configCommand } from './commands/config.js';
import { demoCommand } from './commands/demo.js';
import { doctorCommand } from './commands/doctor.js';
import { renderCommand } from './commands/render.js';
import { serviceCommands } from './commands/services.js';
import { statusCommand } from './commands/status.js';
import { submitCommand } from './commands/submit.js';
import { templatesCommand } from './commands/templates.js';
import { withRemedy } from './refusals.js';

/** What is wrong with a call, whoever makes it and however often. */
const USAGE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'config_invalid',
  'invalid_request',
  'not_found',
  'unknown_template',
  'unknown_bubble',
  'unknown_role',
  'unknown_character',
  'missing_words',
  'words_too_long',
  'words_do_not_fit',
  'missing_glyphs',
  'control_characters',
  'idempotency_conflict',
]);

/** Runs the command that `argv` names, as process.argv does. Answers the exit code; never rejects. */
export async function main(argv: readonly string[]): Promise<number> {
  outliveReaders();
  const program = new Command('storyfarm')
    .description('A render farm for personalised video messages.')
    .version(version, '-V, --version', 'Print the version.')
    .helpOption('-h, --help', 'Show this help.')
    .helpCommand('help [command]', 'Show the help of a command.')
    .configureHelp({ sortSubcommands: false })
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'storyfarm: ')) })
    .exitOverride();
  for (const command of [
    ...serviceCommands(),
    submitCommand(),
    statusCommand(),
    renderCommand(),
    templatesCommand(),
    doctorCommand(),
    configCommand(),
    demoCommand(),
  ])
    program.addCommand(command);
  settle(program, program.name());
  try {
    await program.parseAsync(argv);
    return Number(process.exitCode ?? 0);
  } catch (thrown) {
    // Commander has written its message already; help and version are no errors.
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : 2;
    const error = withRemedy(thrown);
    process.stderr.write(`${describe(error)}\n`);
    if (error.code === 'aborted') return Number(process.exitCode ?? 1);
    return USAGE.has(error.code) ? 2 : 1;
  }
}

/** Hands the program's manners down to every command below. */
function settle(command: Command, call: string): void {
  command.showHelpAfterError(`  -> \`${call} --help\` shows what it takes.`);
  for (const below of command.commands) settle(below.copyInheritedSettings(command), `${call} ${below.name()}`);
}

/** Whoever reads our output may leave first (`| head`); that is no failure of ours. What goes to a broken standard error is lost, and the work goes on. */
function outliveReaders(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit();
  });
  process.stderr.on('error', () => {});
}

/** What went wrong, where, and what to do: for a person at a terminal. */
function describe(error: StoryfarmError): string {
  const { message, code, complaints, hint, cause } = error;
  const lines = [`storyfarm: ${message} (${code})`];
  // The places of the configuration are in the details: a variable, a flag, a file.
  for (const { pointer, detail } of complaints)
    if (!message.includes(detail))
      lines.push(code === 'config_invalid' ? `  ${detail}` : `  ${pointer || '/'}  ${detail}`);
  const isDefect = code === 'internal' && cause instanceof Error;
  lines.push(`  -> ${isDefect ? 'This is a defect of Storyfarm. Please report it with these lines.' : hint}`);
  if (isDefect) lines.push(cause.stack ?? '');
  else if (code === 'ffmpeg_failed' && cause instanceof Error) lines.push(cause.message.replace(/^/gm, '     '));
  return lines.join('\n');
}
