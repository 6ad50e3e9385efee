/** Asking for a video, looking after it, withdrawing it, and asking beforehand whether the words would fit. */

import * as z from 'zod';
import { asStoryfarmError, StoryfarmError } from '../errors.js';
import { type Operation, operation } from '../http/operation.js';
import { errorSchema, shortened } from '../http/problem.js';
import type { Job, JobRequest } from '../job.js';
import type { FontBook, Measure } from '../scene/fonts.js';
import type { JobStore } from '../store/store.js';
import type { Catalog } from '../template/catalog.js';
import { checkRequest } from '../template/request.js';
import {
  type Addresses,
  jobDocument,
  jobKeySchema,
  jobPath,
  jobSchema,
  locate,
  newJobSchema,
  orderSchema,
} from './documents.js';
import { assertAllowed, type Partners } from './partners.js';
import type { QueueView } from './queue.js';

export interface JobDeps {
  readonly store: Pick<JobStore, 'enqueue' | 'get' | 'cancel'>;
  readonly catalog: Catalog;
  /** Words are judged by what these fonts have and, with `measure`, by whether they fit. */
  readonly fonts: { readonly book: FontBook; readonly measure?: Measure };
  readonly addresses: Addresses;
  readonly queue: QueueView;
  readonly maxQueued: number;
  readonly partners?: Partners | undefined;
}

export const estimateSchema = z
  .strictObject({
    fits: z.boolean().describe('Whether POST /v1/jobs would accept this.'),
    complaints: z.array(errorSchema).describe('Every place that would be refused; empty when it fits.'),
    wait: z.strictObject({
      ahead: z.int().min(0).describe('Jobs that wait already.'),
      startsIn: z.number().min(0).nullable().describe('Seconds until rendering would begin; null when nothing tells.'),
      takes: z.number().min(0).nullable().describe('Seconds that rendering took of late; null when nothing tells.'),
    }),
  })
  .meta({ description: 'Whether a video could be made, and how soon.' });

const accepted = { schema: jobSchema, headers: { Location: 'Address of the job.' } };

export function jobOperations(deps: JobDeps): readonly Operation[] {
  const { store, addresses, queue } = deps;

  return [
    operation({
      method: 'POST',
      path: '/v1/jobs',
      id: 'createJob',
      summary: 'Ask for a video',
      description:
        'Records the job durably and answers at once; the video is made afterwards. One refused place gives the problem its code; several make it `invalid_request`.',
      headers: jobKeySchema,
      body: newJobSchema,
      answers: {
        202: {
          ...accepted,
          description: 'The job is recorded, or was by an earlier request with the same Idempotency-Key.',
          headers: { ...accepted.headers, 'Idempotent-Replayed': '`true` when the job is that of an earlier request.' },
        },
      },
      problems: [...JUDGEMENTS, 'callback_refused', 'idempotency_conflict', 'unavailable'],
      async handle({ partner, headers, body, reply }) {
        const { tags: requires = [], request: judged } = judge(deps, body);
        const request = { ...judged, ...(body.reuse && { reuse: true }) };
        const { callback: callbackUrl } = body;
        if (callbackUrl !== undefined) assertAllowed(deps.partners, partner, callbackUrl);
        await queue.admit(deps.maxQueued);
        const key = headers['idempotency-key'];
        const asked = { request, partner, requires, priority: body.priority, delayMs: body.delay * 1000 };
        const optional = {
          ...(key !== undefined && { idempotencyKey: key }),
          ...(callbackUrl !== undefined && { callbackUrl }),
        };
        const { job, created } = await store
          .enqueue({ ...asked, ...optional })
          .catch((thrown) => inDoubt(thrown, ...(key === undefined ? UNKEYED : KEYED)));
        if (!created) reply.header('idempotent-replayed', 'true');
        return reply
          .code(202)
          .header('location', `${addresses.front}${jobPath(job.id)}`)
          .send(jobDocument(await locate(job, addresses), addresses));
      },
    }),

    operation({
      method: 'GET',
      path: '/v1/jobs/:id',
      id: 'getJob',
      summary: 'A job as it stands',
      params: { id: 'Id of the job.' },
      answers: { 200: { description: 'The job.', schema: jobSchema } },
      problems: ['unknown_job'],
      async handle({ partner, params }) {
        return jobDocument(await locate(await findJob(store, partner, params.id), addresses), addresses);
      },
    }),

    operation({
      method: 'POST',
      path: '/v1/jobs/:id/cancel',
      id: 'cancelJob',
      summary: 'Withdraw a job',
      description: 'Possible while it is queued or rendering; needs no body.',
      params: { id: 'Id of the job.' },
      answers: { 200: { description: 'The cancelled job.', schema: jobSchema } },
      problems: ['unknown_job', 'not_cancellable'],
      async handle({ partner, params }) {
        const { id } = await findJob(store, partner, params.id);
        const job = await store.cancel(id).catch((thrown) => inDoubt(thrown, ...CANCELLED));
        return jobDocument(job, addresses);
      },
    }),

    operation({
      method: 'POST',
      path: '/v1/estimate',
      id: 'estimate',
      summary: 'Would this fit, and how soon would it be made?',
      description: 'Checks as POST /v1/jobs does and records nothing.',
      body: orderSchema,
      answers: { 200: { description: 'The judgement.', schema: estimateSchema } },
      problems: ['unknown_template'],
      async handle({ body }) {
        const wait = await queue.wait();
        try {
          judge(deps, body);
          return { fits: true, complaints: [], wait };
        } catch (error) {
          // A refusal that names places is the answer here; anything else (no such template) is a problem of the request itself.
          if (!(error instanceof StoryfarmError) || error.complaints.length === 0 || error.code === 'unknown_template')
            throw error;
          return { fits: false, complaints: error.complaints.map(shortened), wait };
        }
      },
    }),
  ];
}

/** What can be said of a write whose answer did not come: what is not known, and what to do. */
type Doubt = readonly [detail: string, hint: string];
const KEYED: Doubt = [
  'Whether the job was recorded is not known.',
  'Send the same request again with the same Idempotency-Key: the job is recorded once.',
];
const UNKEYED: Doubt = [
  'Whether the job was recorded is not known, and the request bore no Idempotency-Key by which it could be found again.',
  'Sent again, it may be recorded twice. Give each request an Idempotency-Key: then it may be repeated.',
];
const CANCELLED: Doubt = ['Whether the job was cancelled is not known.', 'Look at the job, or cancel it again.'];

function inDoubt(thrown: unknown, ...[detail, hint]: Doubt): never {
  if (asStoryfarmError(thrown).code !== 'outcome_unknown') throw thrown;
  throw new StoryfarmError('outcome_unknown', detail, { hint, cause: thrown });
}

interface Judged {
  readonly request: JobRequest;
  readonly tags: readonly string[] | undefined;
}

const JUDGEMENTS = [
  'unknown_template',
  'unknown_role',
  'unknown_character',
  'unknown_bubble',
  'missing_words',
  'words_too_long',
  'words_do_not_fit',
  'missing_glyphs',
  'control_characters',
] as const;

/** What is asked, complete, sanitised and pinned to the template as installed now, and the tags that the template requires; or throws with every complaint. */
function judge({ catalog, fonts }: JobDeps, { template: id, cast, words }: z.infer<typeof orderSchema>): Judged {
  const installed = catalog.get(id);
  if (!installed) {
    const detail = 'No template with this id is installed.';
    throw new StoryfarmError('unknown_template', detail, {
      complaints: [{ pointer: '/template', code: 'unknown_template', detail }],
    });
  }
  const { template, ref } = installed;
  const request = { template: ref, ...checkRequest(template, { cast, words }, fonts.book, fonts.measure) };
  return { request, tags: template.tags };
}

/** A job of this partner. Rejects with `unknown_job`, also when it is that of another: that it is there is nobody else's business. */
export async function findJob(store: Pick<JobStore, 'get'>, partner: string, id: string | undefined): Promise<Job> {
  const job = await store.get(jobId(id));
  if (job?.partner !== partner) throw unknownJob();
  return job;
}

/** What cannot be an id is not asked of the store. */
function jobId(id: string | undefined): string {
  if (id === undefined || !/^[A-Za-z0-9_-]{1,64}$/.test(id)) throw unknownJob();
  return id;
}

function unknownJob(): StoryfarmError {
  return new StoryfarmError('unknown_job', 'There is no job with this id.');
}
