/**
 * The documents of the API: the schemas that validate what comes in and describe what goes out, and how a job becomes its document.
 *
 * Words are never in an answer. Who asked for the job has them; everybody else who may come to see it (a waiting page, a partner's log) has no need of them, and a
 * finished video is the place to read them.
 */

import * as z from 'zod';
import { FINISHED_STATES, JOB_STATES, type Job, type Output } from '../job.js';

/** Id, key and bubble ids are judged against what is installed, so here they are only kept short. */
const name = z.string().min(1).max(64);

/** Seconds. The template that a job is pinned to has to stay installed until then. */
export const LONGEST_DELAY = 30 * 86_400;

export const orderSchema = z
  .strictObject({
    template: name.describe('Id of an installed template (GET /v1/templates).'),
    cast: z
      .record(name, name)
      .optional()
      .describe('Character id by role id; a role that is not named gets its first character.'),
    words: z.record(name, z.string()).describe('What is said, by bubble id.'),
  })
  .meta({ description: 'A video, described: who plays and what they say.' });

export const newJobSchema = orderSchema
  .extend({
    priority: z.int().min(-10).max(10).default(0).describe('Higher first; each minute of waiting counts as one more.'),
    delay: z
      .number()
      .min(0)
      .max(LONGEST_DELAY)
      .default(0)
      .describe(`Seconds from now before which it is not rendered; at most ${LONGEST_DELAY}, 30 days.`),
    callback: z
      .string()
      .max(2048)
      .optional()
      .describe(
        'Address to which the end of the job is told: a POST with the job, signed as Standard Webhooks 1.0.0 has it (docs/callbacks.md). At an origin that is configured for the partner.',
      ),
    reuse: z
      .boolean()
      .default(false)
      .describe(
        'Whether the files of an earlier job of the same partner will do that asked for the same: same version of the template, cast and words. The job is rendered where no such files are left on its server.',
      ),
  })
  .meta({ description: 'A video to be made.' });

export const jobKeySchema = z.object({
  'idempotency-key': z
    .string()
    .regex(/^[\x20-\x7e]{1,255}$/, '1 to 255 printable ASCII characters.')
    .optional()
    .describe('Makes it safe to send the request again: the same key and body answer the same job.'),
});

const instant = z.iso.datetime().describe('UTC, RFC 3339.');

const fileSchema = z
  .strictObject({
    rendition: z.string().describe("The rendition's id in the template's ladder."),
    url: z.string().describe('Where the file is; answers byte ranges.'),
    bytes: z.int().min(1),
    width: z.int().describe('Pixels.'),
    height: z.int().describe('Pixels.'),
    duration: z.number().describe('Seconds.'),
    mediaType: z.literal('video/mp4'),
  })
  .meta({ description: 'A finished video in one size.' });

const posterSchema = z
  .strictObject({
    url: z.string(),
    bytes: z.int().min(1),
    width: z.int(),
    height: z.int(),
    mediaType: z.literal('image/jpeg'),
  })
  .meta({ description: 'The preview picture.' });

const failureSchema = z
  .strictObject({ code: z.string(), message: z.string(), hint: z.string() })
  .meta({ description: 'Why a job is dead.' });

export const jobSchema = z
  .strictObject({
    id: z.string(),
    state: z.enum(JOB_STATES).describe(`Final: ${FINISHED_STATES.join(', ')}.`),
    template: z.strictObject({
      id: z.string(),
      version: z.string().describe('Content hash; the job keeps to it when the template is replaced.'),
    }),
    cast: z.record(z.string(), z.string()).describe('Character id by role id, complete.'),
    priority: z.int(),
    progress: z.number().min(0).max(1).describe('Fraction of the present attempt.'),
    attempt: z.int().min(0).describe('Attempts that failed.'),
    createdAt: instant,
    runAt: instant.describe('It is not rendered before.'),
    startedAt: instant.nullable(),
    finishedAt: instant.nullable(),
    files: z.array(fileSchema).describe('Empty until the job is rendered; then all of them.'),
    poster: posterSchema.nullable(),
    failure: failureSchema.nullable(),
    links: z.strictObject({ self: z.string(), events: z.string() }),
  })
  .meta({ description: 'A job as it stands.' });

export const progressSchema = z
  .strictObject({ id: z.string(), attempt: z.int(), progress: z.number().min(0).max(1) })
  .meta({ description: 'Data of a `progress` event.' });

export type JobDocument = z.infer<typeof jobSchema>;
export type ProgressDocument = z.infer<typeof progressSchema>;

/** Where things are, for whoever reads a document. */
export interface Addresses {
  /** Address of the front without a slash at the end; empty for addresses relative to it. */
  readonly front: string;
  /** Address of a server's files without a slash at the end, as far as it is known. */
  files(server: string | null): string;
  /** Address of an object in the bucket. Left out where there is none. */
  object?(key: string): Promise<string>;
  /** Resolves when as much is known of these servers as there is to be known; asked before jobs that have files there are shown (servers.ts). Left out: nothing is to be learned. */
  know?(servers: readonly string[]): Promise<void>;
}

/** A job together with the addresses of its files in the bucket, by key, where it has any there. */
export type Shown = Job & { readonly urls?: ReadonlyMap<string, string> };

/** Whether a document of the job needs `locate`: addresses in a bucket are signed, which takes a moment. */
export const isInBucket = (job: Job): boolean => job.result?.outputs.some(({ key }) => key !== undefined) ?? false;

/** Finds the addresses of the job's files. */
export async function locate(job: Job, { object }: Addresses): Promise<Shown> {
  if (!object || !isInBucket(job)) return job;
  const keys = job.result?.outputs.flatMap(({ key }) => key ?? []) ?? [];
  return { ...job, urls: new Map(await Promise.all(keys.map(async (key) => [key, await object(key)] as const))) };
}

export const jobPath = (id: string): string => `/v1/jobs/${id}`;

export function jobDocument(job: Shown, addresses: Addresses): JobDocument {
  const self = `${addresses.front}${jobPath(job.id)}`;
  const outputs = job.result?.outputs ?? [];
  const urlOf = ({ file, key = '' }: Output) =>
    job.urls?.get(key) ?? `${addresses.files(job.server)}/v1/files/${job.id}/${file}`;
  const poster = outputs.find(({ mediaType }) => mediaType === 'image/jpeg');
  return {
    id: job.id,
    state: job.state,
    template: { id: job.request.template.id, version: job.request.template.version },
    cast: { ...job.request.cast },
    priority: job.priority,
    progress: progressOf(job),
    attempt: job.attempt,
    createdAt: instantOf(job.createdAt),
    runAt: instantOf(job.runAt),
    startedAt: job.startedAt === null ? null : instantOf(job.startedAt),
    finishedAt: job.finishedAt === null ? null : instantOf(job.finishedAt),
    files: outputs.flatMap((output) => {
      const { rendition, bytes, width, height, duration, mediaType } = output;
      return mediaType === 'video/mp4'
        ? [{ rendition, url: urlOf(output), bytes, width, height, duration, mediaType }]
        : [];
    }),
    poster: poster
      ? { url: urlOf(poster), bytes: poster.bytes, width: poster.width, height: poster.height, mediaType: 'image/jpeg' }
      : null,
    // A failed attempt that is tried again is not the partner's concern.
    failure: job.state === 'dead' && job.failure ? pickFailure(job.failure) : null,
    links: { self, events: `${self}/events` },
  };
}

/** Of the present attempt; whole once the files are there, nothing while it waits. */
export function progressOf(job: Job): number {
  if (job.state === 'rendered' || job.state === 'delivered') return 1;
  return job.state === 'queued' ? 0 : job.progress;
}

function pickFailure({ code, message, hint }: JobDocument['failure'] & object): JobDocument['failure'] {
  return { code, message, hint };
}

function instantOf(ms: number): string {
  return new Date(ms).toISOString();
}
