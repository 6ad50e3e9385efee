/** `storyfarm limit`: how many jobs of a partner may be rendering at once, over all servers; kept in the store. */

import { Command, InvalidArgumentError } from 'commander';
import { counted } from '../control/command.js';
import { forStore, inStore, isNameHere, loadOf, partnerName, UNKNOWN } from '../store-command.js';

const MOST = 100_000;

export function limitCommand(): Command {
  return forStore(new Command('limit').description('Limit how many jobs of a partner render at once, on all servers.'))
    .argument('<partner>', 'whose jobs (`storyfarm partners`)')
    .argument('<jobs>', 'how many at once over all servers, 1 or more; or `none`', most)
    .addHelpText(
      'after',
      '\nIt is kept in the store: it holds on every server and outlasts restarts. More\nthat are rendering already are finished. `storyfarm pause --partner` lets none.',
    )
    .action((name: string, jobs: number | null, _options, command: Command) =>
      inStore(
        command,
        async (store, config) => {
          const partner = partnerName(name);
          const before = (await store.limits()).find((limit) => limit.partner === partner)?.most ?? null;
          await store.limit(partner, jobs);
          const load = await loadOf(store, { partner });
          const isKnown = load.queued + load.rendering > 0 || (await isNameHere(config, { partner }));
          return { partner, limit: jobs, before, ...load, isKnown };
        },
        limited,
      ),
    );
}

function most(text: string): number | null {
  if (text === 'none') return null;
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= 1 && number <= MOST) return number;
  throw new InvalidArgumentError(
    `Give a whole number from 1 to ${MOST}, or none.${number === 0 ? ' `storyfarm pause --partner` lets no job be claimed.' : ''}`,
  );
}

interface Limited {
  readonly partner: string;
  readonly limit: number | null;
  readonly before: number | null;
  readonly queued: number;
  readonly rendering: number;
  readonly isKnown: boolean;
}

function limited({ partner, limit, before, queued, rendering, isKnown }: Limited): string {
  const said = limit === null ? 'no limit' : `at most ${counted(limit, 'job')} at once, on all servers together`;
  const was = limit === before ? ', as before' : before === null ? '; no limit before' : `; ${before} before`;
  return `Partner ${partner}: ${said}${was}. Now ${rendering} rendering, ${queued} queued.${isKnown ? '' : ` ${UNKNOWN}`}`;
}
