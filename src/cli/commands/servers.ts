/** `storyfarm servers`: the servers that share the store, and a way to forget one that is gone for good. */

import { Command } from 'commander';
import { StoryfarmError } from '../../errors.js';
import type { JobStore } from '../../store/store.js';
import { conditionOf, serversText, waitingIn } from '../servers.js';
import { forStore, inStore } from '../store-command.js';

export function serversCommand(): Command {
  return new Command('servers')
    .description('Print the servers that share the store; forget those that are gone.')
    .addCommand(listCommand(), { isDefault: true })
    .addCommand(forgetCommand());
}

function listCommand(): Command {
  return forStore(new Command('list').description('Print the servers that share the store, and how they are.'))
    .addHelpText(
      'after',
      '\nA farm announces itself every 10 s; one that was not heard for 45 s is silent.\nThe load is how many of its slots render.',
    )
    .action((_options, command: Command) =>
      inStore(
        command,
        async (store) => ({ servers: await store.servers(), ...(await waitingIn(store)) }),
        ({ servers, ...waiting }) => serversText(servers, waiting),
      ),
    );
}

function forgetCommand(): Command {
  return forStore(new Command('forget').description('Forget a server that is gone for good.'))
    .argument('<server>', 'its name')
    .addHelpText(
      'after',
      '\nThe addresses of files that it has made fall back to the configured ones.\n`storyfarm jobs rerender --server NAME` has them made anew before.',
    )
    .action((server: string, _options, command: Command) =>
      inStore(
        command,
        async (store) => {
          await assertGone(store, server);
          await store.forget(server);
          const { jobs } = await store.published({ server, after: null, limit: 1 });
          return { server, forgotten: true, hasFiles: jobs.length > 0 };
        },
        ({ hasFiles }) =>
          hasFiles
            ? `${server} is forgotten. Finished jobs still have their files there.\n  -> \`storyfarm jobs rerender --server ${server}\` has them made anew.`
            : `${server} is forgotten.`,
      ),
    );
}

async function assertGone(store: Pick<JobStore, 'servers'>, name: string): Promise<void> {
  const server = (await store.servers()).find((each) => each.name === name);
  if (!server)
    throw new StoryfarmError('not_found', `No server is known by the name ${JSON.stringify(name)}.`, {
      hint: '`storyfarm servers` shows those that are.',
    });
  if (server.isAlive)
    throw new StoryfarmError(
      'invalid_request',
      `${name} lives (${conditionOf(server)}) and would announce itself again.`,
      {
        hint: 'Drain it first (`storyfarm drain`, on that machine).',
      },
    );
}
