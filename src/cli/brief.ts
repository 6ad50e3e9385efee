/** A job for programs, as `status` and `history` print it: what an operator may see of it, and never the words. */

import type { Job } from '../job.js';

export const brief = ({
  id,
  state,
  partner,
  request,
  progress,
  attempt,
  crashes,
  server,
  createdAt,
  runAt,
  startedAt,
  finishedAt,
  failure,
  result,
}: Job) => ({
  ...{ id, state, partner, template: request.template.id, progress, attempt, crashes, server },
  ...{ createdAt, runAt, startedAt, finishedAt, failure: failure?.code ?? null, paths: result?.paths ?? null },
});
