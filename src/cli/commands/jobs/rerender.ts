/** `storyfarm jobs rerender`: finished jobs whose files are lost, or lie on a server that is, are queued again, and whatever server takes them makes their files anew. */

import { Command } from 'commander';
import { asStoryfarmError, type ErrorCode, StoryfarmError } from '../../../errors.js';
import type { JobStore } from '../../../store/store.js';
import { counted } from '../../control/command.js';
import { forStore, inStore } from '../../store-command.js';

interface Refused {
  readonly id: string;
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
}

export interface Rerendered {
  readonly queued: readonly string[];
  readonly refused: readonly Refused[];
}

/** Jobs asked for at once: some ten milliseconds of the store's time. */
const BATCH = 200;
/** Refusals that people are shown. */
const SHOWN = 20;

export function rerenderCommand(): Command {
  return forStore(new Command('rerender').description('Queue finished jobs again, so that their files are made anew.'))
    .argument('[jobs...]', 'their ids')
    .option('--server <name>', 'All finished jobs whose files are on this server (`storyfarm servers`).')
    .addHelpText(
      'after',
      '\nOnly rendered and delivered jobs, and only while their words are kept (keepWords).\nThe addresses then name the server that made the new files, and a partner that is\ntold of its jobs is told again. Old files on a server that comes back are deleted.',
    )
    .action(async (ids: string[], { server }: { server?: string }, command: Command) => {
      if (ids.length > 0 === (server !== undefined))
        throw new StoryfarmError('invalid_request', 'Give ids of jobs, or --server and the name of a server.', {
          hint: '`storyfarm status` shows the latest jobs, `storyfarm servers` the servers.',
        });
      await inStore(
        command,
        async (store) => {
          const answer = server === undefined ? await rerender(store, ids) : await rerenderAll(store, server);
          if (answer.refused.length > 0) process.exitCode = 1;
          return answer;
        },
        rerenderedText,
      );
    });
}

async function rerenderAll(store: JobStore, server: string): Promise<Rerendered> {
  const [queued, refused]: [string[], Refused[]] = [[], []];
  for (let after: string | null = null; ; ) {
    const page: Awaited<ReturnType<JobStore['published']>> = await store.published({ server, after, limit: BATCH });
    const some = await rerender(
      store,
      page.jobs.map(({ id }) => id),
    );
    queued.push(...some.queued);
    refused.push(...some.refused);
    if (page.jobs.length < BATCH) break;
    after = page.after;
  }
  if (queued.length + refused.length === 0 && !(await store.servers()).some(({ name }) => name === server))
    throw new StoryfarmError('not_found', `No server is known by the name ${JSON.stringify(server)}.`, {
      hint: '`storyfarm servers` shows those that are.',
    });
  return { queued, refused };
}

/** Each on its own: one that is refused keeps no other. Rejects when the store cannot be asked; what was done until then stays done. */
async function rerender(store: Pick<JobStore, 'rerender'>, ids: readonly string[]): Promise<Rerendered> {
  const [queued, refused]: [string[], Refused[]] = [[], []];
  for (let first = 0; first < ids.length; first += BATCH) {
    const some = [...new Set(ids.slice(first, first + BATCH))];
    const answers = await Promise.allSettled(some.map((id) => store.rerender(id)));
    for (const [place, answer] of answers.entries()) {
      const id = some[place] ?? '';
      if (answer.status === 'fulfilled') queued.push(id);
      else refused.push(refusalOf(id, answer.reason));
    }
  }
  return { queued, refused };
}

function refusalOf(id: string, thrown: unknown): Refused {
  const { code, message, hint } = asStoryfarmError(thrown);
  if (code !== 'unknown_job' && code !== 'not_rerenderable') throw thrown;
  return { id, code, message, hint };
}

export function rerenderedText({ queued, refused }: Rerendered): string {
  const lines = [
    queued.length === 0
      ? 'No job is queued again.'
      : `${counted(queued.length, 'job')} ${queued.length === 1 ? 'is' : 'are'} queued again: any server makes the files anew.`,
  ];
  if (refused.length > 0) {
    const shown = refused.slice(0, SHOWN).map(({ message }) => message);
    const rest = refused.length > SHOWN ? [`and ${refused.length - SHOWN} more (--json has all)`] : [];
    const hints = [...new Set(refused.map(({ hint }) => hint))].map((hint) => `  -> ${hint}`);
    lines.push('', `${counted(refused.length, 'job')} refused:`, ...shown, ...rest, ...hints);
  }
  return lines.join('\n');
}
