/** `storyfarm import`: moves the jobs of an embedded store into another, most often one on SQL Server. */

import { existsSync, realpathSync } from 'node:fs';
import { Command } from 'commander';
import { asStoryfarmError, StoryfarmError } from '../../errors.js';
import { type Moved, move } from '../../store/moving.js';
import { openSource, openTarget, sqliteFile } from '../../store/open.js';
import { configOf, withOptions } from '../flags.js';
import { claimStore } from '../instance.js';
import { withBars } from '../progress.js';
import { interruptible } from '../signals.js';
import { printJson, table } from '../table.js';

interface Flags {
  readonly from: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

interface Result extends Moved {
  readonly from: string;
  readonly to: string;
  readonly isDry: boolean;
}

export function importCommand(): Command {
  return withOptions(
    new Command('import').description('Move the jobs of an embedded store into another, such as one on SQL Server.'),
    ['store'],
  )
    .requiredOption('--from <address>', 'The embedded store, such as sqlite:/srv/storyfarm/var/storyfarm.db.')
    .option('--dry-run', 'Tell what would be moved, and do nothing.')
    .option('--json', 'Print one JSON object.')
    .addHelpText(
      'after',
      '\nIt may be interrupted and called again: what has come is passed over. The old store stays as it was.\nHow to move as a whole: docs/deploy.md.',
    )
    .action(async ({ from, dryRun = false, json }: Flags, command: Command) => {
      const { store = '' } = configOf(command).config;
      assertOther(from, store);
      const result = await moveAll(from, store, dryRun);
      if (json) printJson(result);
      else process.stdout.write(`${textOf(result)}\n`);
      if (!dryRun && result.target.jobs < result.source.jobs)
        throw new StoryfarmError('internal', `Of ${result.source.jobs} jobs only ${result.target.jobs} have come.`);
    });
}

/** Whoever forgets `--store` would move a store into itself. */
function assertOther(from: string, to: string): void {
  const real = (url: string) => {
    const file = url.startsWith('sqlite:') ? sqliteFile(url) : '';
    return existsSync(file) ? realpathSync(file) : url;
  };
  if (real(from) !== real(to)) return;
  throw new StoryfarmError('config_invalid', 'Both addresses name the same store.', {
    hint: 'Name the store that the jobs go to with --store, STORYFARM_STORE or in storyfarm.config.json.',
  });
}

async function moveAll(from: string, to: string, isDry: boolean): Promise<Result> {
  const source = await openSource(from);
  try {
    // No farm works on what is moved, nor begins to meanwhile.
    const claim = isDry ? undefined : claimStore(sqliteFile(from), STOP);
    try {
      const target = await openTarget(to);
      try {
        const moved = await shown((tell, signal) => move(source, target, { isDry, tell, signal }));
        return { from: source.name, to: target.name, isDry, ...moved };
      } finally {
        await target.close();
      }
    } finally {
      claim?.release();
    }
  } finally {
    await source.close();
  }
}

const STOP = 'Stop the farm (`storyfarm drain`, or `npx pm2 stop storyfarm-farm`), then call this again.';
const AGAIN = 'What has come stays; call it again, and it goes on from there.';

/** With progress, and an end at a signal between two transactions. */
async function shown<T>(
  work: (tell: (done: number, all: number) => void, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  try {
    return await interruptible((signal) =>
      withBars((add) => {
        const bar = add('jobs');
        return work((done, all) => bar.show(done / all, `${done} of ${all}`), signal);
      }),
    );
  } catch (cause) {
    const { code, message, hint } = asStoryfarmError(cause);
    throw new StoryfarmError(code, message, { cause, hint: code === 'aborted' ? AGAIN : `${hint} ${AGAIN}` });
  }
}

function textOf({ from, to, isDry, moved, before, source, target, holds }: Result): string {
  const names = ['jobs', 'events', 'callbacks', 'keys'] as const;
  const rows = names.map((name) => [WHAT[name], source[name], target[name]]);
  const some = (count: number, what: string) => `${count} ${what}${count === 1 ? '' : 's'}`;
  const held = `${some(holds.limits.length, 'limit')} and ${some(holds.pauses.length, 'pause')}`;
  const end = isDry
    ? `${moved} jobs would be moved, ${before} are there already; with ${held}. Nothing was written.`
    : `${moved} jobs were moved, ${before} were there already; with ${held}.\nThe old store is as it was. No service may use it any more: move its files away.`;
  return `from ${from}\nto   ${to}\n\n${table(['', 'old store', 'new store'], rows)}\n\n${end}`;
}

const WHAT = { jobs: 'jobs', events: 'events of their history', callbacks: 'callbacks', keys: 'idempotency keys' };
