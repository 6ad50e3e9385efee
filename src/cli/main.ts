/**
 * The command line. Each command is a file in commands/; this one knows them, gives them their configuration, and turns whatever they throw into a message with its
 * remedy and an exit code: 1 when the work failed, 2 when the call or the configuration was wrong, 130 or 143 when a signal stopped it. Standard output holds the
 * answer and nothing else.
 */

import { Command, CommanderError } from 'commander';
import type { ErrorCode, StoryfarmError } from '../errors.js';
import { version } from '../package.js';
import { withRemedy } from './refusals.js';

/** The commands by name, in the order of the help. Loaded one by one: all that a service needs takes longer to load than a video takes to render. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  up: async () => (await import('./commands/services.js')).upCommand(),
  farm: async () => (await import('./commands/services.js')).farmCommand(),
  front: async () => (await import('./commands/services.js')).frontCommand(),
  files: async () => (await import('./commands/services.js')).filesCommand(),
  submit: async () => (await import('./commands/submit.js')).submitCommand(),
  status: async () => (await import('./commands/status.js')).statusCommand(),
  history: async () => (await import('./commands/history.js')).historyCommand(),
  servers: async () => (await import('./commands/servers.js')).serversCommand(),
  jobs: async () => (await import('./commands/jobs.js')).jobsCommand(),
  partners: async () => (await import('./commands/partners.js')).partnersCommand(),
  limit: async () => (await import('./commands/limit.js')).limitCommand(),
  scale: async () => (await import('./commands/scale.js')).scaleCommand(),
  pause: async () => (await import('./commands/pause.js')).pauseCommand(),
  resume: async () => (await import('./commands/pause.js')).resumeCommand(),
  recycle: async () => (await import('./commands/recycle.js')).recycleCommand(),
  reload: async () => (await import('./commands/reload.js')).reloadCommand(),
  drain: async () => (await import('./commands/drain.js')).drainCommand(),
  stop: async () => (await import('./commands/drain.js')).stopCommand(),
  backup: async () => (await import('./commands/backup.js')).backupCommand(),
  migrate: async () => (await import('./commands/migrate.js')).migrateCommand(),
  import: async () => (await import('./commands/import.js')).importCommand(),
  render: async () => (await import('./commands/render.js')).renderCommand(),
  templates: async () => (await import('./commands/templates.js')).templatesCommand(),
  doctor: async () => (await import('./commands/doctor.js')).doctorCommand(),
  config: async () => (await import('./commands/config.js')).configCommand(),
  demo: async () => (await import('./commands/demo.js')).demoCommand(),
};
const VERSION = ['-V', '--version'] as const;

/** What is wrong with a call, whoever makes it and however often. */
const USAGE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'config_invalid',
  'invalid_request',
  'not_found',
  'unknown_template',
  'unknown_job',
  'unknown_bubble',
  'unknown_role',
  'unknown_character',
  'missing_words',
  'words_too_long',
  'words_do_not_fit',
  'missing_glyphs',
  'control_characters',
  'idempotency_conflict',
  'not_rerenderable',
  'unauthorized',
  'callback_refused',
]);

/** Runs the command that `argv` names, as process.argv does. Answers the exit code; never rejects. */
export async function main(argv: readonly string[]): Promise<number> {
  outliveReaders();
  const program = new Command('storyfarm')
    .description('A render farm for personalised video messages.')
    .version(version, VERSION.join(', '), 'Print the version.')
    .helpOption('-h, --help', 'Show this help.')
    .helpCommand('help [command]', 'Show the help of a command.')
    .configureHelp({ sortSubcommands: false })
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'storyfarm: ')) })
    .exitOverride();
  for (const load of called(argv[2])) program.addCommand(await load());
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

/** What a call with this first argument needs: one command, none for the version, and all where they are told of: in the help, or beside a name that is none of theirs. */
function called(first = ''): readonly (() => Promise<Command>)[] {
  if (VERSION.some((flag) => flag === first)) return [];
  const command = Object.hasOwn(COMMANDS, first) ? COMMANDS[first] : undefined;
  return command ? [command] : Object.values(COMMANDS);
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
