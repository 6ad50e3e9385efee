/**
 * `storyfarm pause` and `storyfarm resume`: whether the farm of this data folder claims jobs; and with `--partner` or `--template`, whether any server claims theirs.
 * The first is said to the farm and ends with its process; the second is written into the store.
 */

import { Command } from 'commander';
import { StoryfarmError } from '../../errors.js';
import type { JobStore, Pausable, Pause } from '../../store/store.js';
import { counted, tellFarm } from '../control/command.js';
import { agedText } from '../control/picture.js';
import type { Results } from '../control/protocol.js';
import type { Config } from '../options.js';
import { forStore, inStore, isNameHere, isSame, loadOf, nameOf, partnerName, UNKNOWN } from '../store-command.js';

/** Options first that tell the two apart. */
const withWhom = (command: Command, verb: string): Command =>
  forStore(
    command
      .option('--partner <name>', `${verb} the jobs of this partner, on every server.`)
      .option('--template <id>', `${verb} the jobs of this template, on every server.`),
  );

export function pauseCommand(): Command {
  return withWhom(
    new Command('pause').description('Claim nothing on this farm; or of one partner or template, on every server.'),
    'Hold back',
  )
    .argument('[reason...]', 'why the farm is paused, for whoever looks at `storyfarm status` or /readyz')
    .addHelpText(
      'after',
      `
Without --partner and --template it is about the farm that runs on this data
folder, and holds until \`resume\` or the end of its process. With one of them it
is kept in the store: it holds on every server and outlasts restarts; those jobs
are still accepted, and wait. Jobs under way are finished in any case.`,
    )
    .action(async (words: string[], _options, command: Command) => {
      const what = whom(command);
      if (what === undefined) return tellFarm(command, { do: 'pause', reason: words.join(' ') }, paused);
      if (words.length > 0)
        throw new StoryfarmError('invalid_request', `The pause of ${nameOf(what)} takes no reason.`, {
          hint: 'Reasons are kept by the farm: give one without --partner and --template.',
        });
      await inStore(
        command,
        (store, config) => hold(store, config, what),
        (done) => held(what, done),
      );
    });
}

export function resumeCommand(): Command {
  return withWhom(
    new Command('resume').description('End a pause: that of this farm, or of one partner or template.'),
    'Claim again',
  )
    .addHelpText('after', '\nEach pause is ended by itself; `storyfarm status` shows all of them.')
    .action(async (_options, command: Command) => {
      const what = whom(command);
      if (what === undefined) return tellFarm(command, { do: 'resume' }, resumed);
      await inStore(
        command,
        (store) => letGo(store, what),
        (done) => released(what, done),
      );
    });
}

/** Whose jobs it is about; undefined: those of all, on this farm. */
function whom(command: Command): Pausable | undefined {
  const { partner, template, store } = command.opts<{ partner?: string; template?: string; store?: string }>();
  if (partner !== undefined && template !== undefined)
    throw new StoryfarmError('invalid_request', 'Give either --partner or --template.', {
      hint: 'Call it twice: each pause is one of its own.',
    });
  if (partner !== undefined) return { partner: partnerName(partner) };
  if (template !== undefined) return { template };
  if (store !== undefined)
    throw new StoryfarmError('invalid_request', '--store goes with --partner or --template.', {
      hint: 'A farm is found by its data folder: --data-folder.',
    });
  return undefined;
}

function paused({ paused: reason, jobs }: Results['pause']): string {
  const present = jobs > 0 ? ` ${counted(jobs, 'job')} under way will be finished.` : '';
  return `Claims are paused${reason ? `: ${reason}` : ''}.${present}`;
}

function resumed({ wasPaused, ready, reason }: Results['resume']): string {
  const said = wasPaused ? 'Claims go on.' : 'Claims were not paused.';
  return ready ? said : `${said} But the farm takes no jobs: ${reason}.`;
}

interface Hold {
  /** Milliseconds since the epoch. */
  readonly since: number;
  readonly wasPaused: boolean;
  readonly queued: number;
  readonly rendering: number;
  /** Whether anything here knows the name. */
  readonly isKnown: boolean;
}

async function hold(store: JobStore, config: Config, what: Pausable): Promise<Pausable & Hold> {
  const wasPaused = (await store.pauses()).some((pause) => isSame(pause, what));
  await store.pause(what);
  const since = (await store.pauses()).find((pause) => isSame(pause, what))?.since ?? Date.now();
  const load = await loadOf(store, what);
  const isKnown = load.queued + load.rendering > 0 || (await isNameHere(config, what));
  return { ...what, since, wasPaused, ...load, isKnown };
}

function held(what: Pausable, { since, wasPaused, queued, rendering, isKnown }: Hold): string {
  const name = capital(nameOf(what));
  const ago = agedText(Date.now() - since);
  const lines = [wasPaused ? `${name} was paused already, ${ago} ago.` : `${name} is paused, on every server.`];
  if (queued > 0) lines.push(`${counted(queued, 'queued job')} ${queued === 1 ? 'waits' : 'wait'}.`);
  if (rendering > 0) lines.push(`${counted(rendering, 'job')} under way will be finished.`);
  if (!isKnown) lines.push(UNKNOWN);
  return lines.join(' ');
}

interface Release {
  readonly wasPaused: boolean;
  readonly queued: number;
  /** Other pauses. */
  readonly others: readonly Pause[];
}

async function letGo(store: JobStore, what: Pausable): Promise<Pausable & Release> {
  const before = await store.pauses();
  await store.resume(what);
  const { queued } = await loadOf(store, what);
  const [mine, others] = [before.filter((each) => isSame(each, what)), before.filter((each) => !isSame(each, what))];
  return { ...what, wasPaused: mine.length > 0, queued, others };
}

function released(what: Pausable, { wasPaused, queued, others }: Release): string {
  const name = capital(nameOf(what));
  if (wasPaused) return `${name} goes on${queued > 0 ? `: ${counted(queued, 'queued job')}` : ''}.`;
  const rest = others.length > 0 ? ` Paused are: ${others.map(nameOf).join(', ')}.` : ' Nobody is.';
  return `${name} was not paused.${rest}`;
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
