/** `storyfarm status`: the queue and the latest jobs, as the store has them. */

import { Command } from 'commander';
import { JOB_STATES, type Job } from '../../job.js';
import { configOf, withOptions } from '../flags.js';
import { openConfiguredStore } from '../parts.js';
import { secondsText, table } from '../table.js';

export function statusCommand(): Command {
  return withOptions(new Command('status').description('Print the queue and the latest jobs.'), ['dataFolder', 'store'])
    .option(
      '-n, --jobs <number>',
      'how many of the latest jobs',
      (text) => Math.max(0, Number.parseInt(text, 10) || 0),
      10,
    )
    .option('--json', 'print one JSON object')
    .action(async ({ jobs, json }: { jobs: number; json?: boolean }, command: Command) => {
      const { config } = configOf(command);
      const store = await openConfiguredStore(config, { onlyLook: true });
      try {
        const [counts, latest] = [await store.counts(), jobs > 0 ? await store.recent(jobs) : []];
        if (json)
          process.stdout.write(
            `${JSON.stringify({ store: store.name, ...counts, latest: latest.map(brief) }, undefined, 2)}\n`,
          );
        else {
          process.stdout.write(
            `${store.name}\n\n${table([...JOB_STATES], [JOB_STATES.map((state) => counts.byState[state])])}\n`,
          );
          process.stdout.write(
            `${counts.due} due now${counts.due > 0 ? `, the oldest for ${secondsText(counts.oldestDueMs / 1000)}` : ''}\n`,
          );
          if (latest.length > 0)
            process.stdout.write(
              `\n${table(['job', 'template', 'state', 'progress', 'attempts', 'server', 'took', 'failure'], latest.map(row))}\n`,
            );
        }
      } finally {
        await store.close();
      }
    });
}

/** Never the words. */
const brief = ({
  id,
  state,
  request,
  progress,
  attempt,
  crashes,
  server,
  createdAt,
  startedAt,
  finishedAt,
  failure,
}: Job) => ({
  ...{ id, state, template: request.template.id, progress, attempt, crashes, server },
  ...{ createdAt, startedAt, finishedAt, failure: failure?.code ?? null },
});

function row(job: Job): (string | number)[] {
  const took =
    job.startedAt !== null && job.finishedAt !== null ? secondsText((job.finishedAt - job.startedAt) / 1000) : '';
  const progress = job.state === 'rendering' ? `${Math.floor(job.progress * 100)} %` : '';
  return [
    job.id,
    job.request.template.id,
    job.state,
    progress,
    job.attempt + job.crashes,
    job.server ?? '',
    took,
    job.failure?.code ?? '',
  ];
}
