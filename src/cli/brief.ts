/** A job for programs, as `status` and `history` print it: what an operator may see of it, and never the words. */

import type { Job } from '../job.js';

export const brief = ({
  id,
  state,
  partner,
  requires,
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
  ...{ id, state, partner, requires, template: request.template.id, progress, attempt, crashes, server },
  ...{ createdAt, runAt, startedAt, finishedAt, failure: failure?.code ?? null, paths: result?.paths ?? null },
});
