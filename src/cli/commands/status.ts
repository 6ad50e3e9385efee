/** `storyfarm status`: the queue and the latest jobs, as the store has them, and the farm that runs here, as it sees itself. */

import { Command } from 'commander';
import { asStoryfarmError } from '../../errors.js';
import { JOB_STATES, type Job } from '../../job.js';
import { pathOf } from '../../paths.js';
import { brief } from '../brief.js';
import { askFarm } from '../control/client.js';
import { agedText, pictureOf } from '../control/picture.js';
import type { FarmStatus } from '../control/protocol.js';
import { nearestOf } from '../data-folder.js';
import { heldText } from '../division.js';
import { configOf, wholeNumber, withOptions } from '../flags.js';
import { openConfiguredStore } from '../parts.js';
import { unmet, unmetText } from '../servers.js';
import { printJson, secondsText, table } from '../table.js';

export function statusCommand(): Command {
  return withOptions(
    new Command('status').description('Print the queue, the farm that runs here, and the latest jobs.'),
    ['dataFolder', 'store'],
  )
    .option('-n, --jobs <number>', 'How many of the latest jobs.', wholeNumber(0, 1000), 10)
    .option('--json', 'Print one JSON object.')
    .action(async ({ jobs, json }: { jobs: number; json?: boolean }, command: Command) => {
      const { config } = configOf(command);
      await nearestOf(config.dataFolder);
      const store = await openConfiguredStore(config, { isMade: true });
      try {
        const [counts, latest] = [await store.counts(), jobs > 0 ? await store.recent(jobs) : []];
        const held = { limits: await store.limits(), pauses: await store.pauses() };
        const unserved = unmet({ needs: await store.needs(), queued: counts.byState.queued }, await store.servers());
        const farm = await lookAt(config.dataFolder);
        if (json)
          return printJson({
            store: store.name,
            ...counts,
            ...held,
            unmet: unserved,
            farm: farm.asData,
            latest: latest.map(brief),
          });
        const oldest = counts.due > 0 ? `, the oldest for ${secondsText(counts.oldestDueMs / 1000)}` : '';
        const states = table([...JOB_STATES], [JOB_STATES.map((state) => counts.byState[state])]);
        const now = Date.now();
        const parts = [
          store.name,
          `${states}\n${counts.due} due now${oldest}`,
          heldText(held, now),
          unmetText(unserved),
          farm.asText,
          latest.length > 0
            ? table(
                ['job', 'template', 'state', ''],
                latest.map((job) => row(job, now)),
              )
            : '',
        ];
        process.stdout.write(`${parts.filter((part) => part !== '').join('\n\n')}\n`);
      } finally {
        await store.close();
      }
    });
}

/** A farm that does not answer is told of, and keeps nobody from seeing the queue. */
async function lookAt(
  folder: string,
): Promise<{ readonly asData: FarmStatus | object | null; readonly asText: string }> {
  try {
    const farm = await askFarm(folder, { do: 'status' });
    return { asData: farm, asText: pictureOf(farm) };
  } catch (thrown) {
    const { code, message, hint } = asStoryfarmError(thrown);
    if (code === 'not_running') return { asData: null, asText: `No farm runs on ${folder}.` };
    return { asData: { error: { code, message, hint } }, asText: `farm: ${message} (${code})\n  -> ${hint}` };
  }
}

const row = (job: Job, now: number) => [job.id, job.request.template.id, job.state, noteOf(job, now)];

/** What is most worth knowing in this state; the rest is in the JSON. */
function noteOf(
  { state, progress, runAt, startedAt, finishedAt, attempt, crashes, failure, result }: Job,
  now: number,
): string {
  if (state === 'queued' && runAt > now && !failure) return `due in ${agedText(runAt - now)}`;
  if (state === 'rendering') return `${Math.floor(progress * 100)} %`;
  if (failure) return attempt + crashes > 1 ? `${failure.code}, ${attempt + crashes} times` : failure.code;
  const seconds = startedAt !== null && finishedAt !== null ? `in ${secondsText((finishedAt - startedAt) / 1000)}` : '';
  return [seconds, result?.paths && pathOf(result.paths)].filter(Boolean).join(', ');
}
