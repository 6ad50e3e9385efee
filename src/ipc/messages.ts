/**
 * The wire between supervisor and renderer: every message in both directions, as discriminated unions, checked at both borders.
 *
 * Problem: two processes of possibly different build dates talk over Node's IPC channel, and either may go mad. A message that is not exactly
 * one of these is refused where it arrives (`parse…` throws `invalid_request`), so nothing behind the border has to doubt its input.
 *
 * One job at a time: the supervisor sends `render` only to a renderer that said `ready` or has answered the last one with `rendered` or `failed`.
 */

import * as z from 'zod';
import { type ErrorCode, isErrorCode, StoryfarmError } from '../errors.js';
import { PATHS } from '../paths.js';

const code = z.custom<ErrorCode>(isErrorCode, 'an error code');
const failure = z.strictObject({ code, message: z.string(), hint: z.string(), retryable: z.boolean() });

const output = z.strictObject({
  rendition: z.string(),
  file: z.string(),
  key: z.string().optional(),
  bytes: z.int(),
  width: z.int(),
  height: z.int(),
  frames: z.int(),
  duration: z.number(),
  mediaType: z.enum(['video/mp4', 'image/jpeg']),
});

/** What a renderer is asked to do; a job without its queue. */
const order = z.strictObject({
  id: z.string(),
  fence: z.int(),
  template: z.strictObject({ id: z.string(), version: z.string() }),
  cast: z.record(z.string(), z.string()),
  words: z.record(z.string(), z.string()),
  /** Whose job it is: the same partner's later jobs may be content with its files. Left out: nobody's. */
  partner: z.string().optional(),
  /** Content with the files of an equal earlier job of the partner. */
  reuse: z.boolean().optional(),
});
export type RenderOrder = z.infer<typeof order>;

/** What is prepared: a template and who plays in it. */
const edition = z.strictObject({ template: order.shape.template, cast: order.shape.cast });
export type Edition = z.infer<typeof edition>;

const toRenderer = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('render'), order }),
  /** Prepare an edition, with the lowest priority for good; `preparing` tells how far it is, and it is answered by `prepared` or `unprepared`. */
  z.strictObject({ type: z.literal('prepare'), edition }),
  /** Stop the present job as soon as possible; answered by `failed` with `aborted`. Without an id: the present preparation, answered by `unprepared`. Nothing is answered when it has just ended. */
  z.strictObject({ type: z.literal('abort'), id: z.string().optional() }),
  /** Finish the present job, if any, then exit with 0. */
  z.strictObject({ type: z.literal('leave') }),
]);
export type ToRenderer = z.infer<typeof toRenderer>;

const toSupervisor = z.discriminatedUnion('type', [
  /** Booted: fonts, ffmpeg and folders are there; a job may come. */
  z.strictObject({ type: z.literal('ready'), ffmpeg: z.string() }),
  /** Sent every heartbeat interval by the renderer's event loop. */
  z.strictObject({ type: z.literal('heartbeat') }),
  /** Fraction of the whole job, 0 to 1, rising. */
  z.strictObject({
    type: z.literal('progress'),
    id: z.string(),
    fence: z.int(),
    fraction: z.number().min(0).max(1),
    stage: z.string(),
  }),
  z.strictObject({
    type: z.literal('rendered'),
    id: z.string(),
    fence: z.int(),
    outputs: z.array(output),
    /** Milliseconds of wall time by stage. */
    stages: z.record(z.string(), z.number()),
    /** How each rendition was made. */
    paths: z.record(z.string(), z.strictObject({ path: z.enum(PATHS), reason: z.string().optional() })).optional(),
  }),
  z.strictObject({ type: z.literal('failed'), id: z.string(), fence: z.int(), failure }),
  /** Fraction of the preparation, 0 to 1, rising; sent once a second at most. */
  z.strictObject({ type: z.literal('preparing'), fraction: z.number().min(0).max(1) }),
  /** All that can be prepared of the edition is. */
  z.strictObject({ type: z.literal('prepared') }),
  z.strictObject({ type: z.literal('unprepared'), failure }),
  /** The renderer could not boot and is about to exit. */
  z.strictObject({ type: z.literal('unfit'), failure }),
]);
export type ToSupervisor = z.infer<typeof toSupervisor>;

function parser<T>(schema: z.ZodType<T>, direction: string) {
  return (raw: unknown): T => {
    const parsed = schema.safeParse(raw);
    if (parsed.success) return parsed.data;
    const kind = (raw as { type?: unknown } | null)?.type;
    throw new StoryfarmError(
      'invalid_request',
      `Not a message to the ${direction}: ${String(kind)}: ${z.prettifyError(parsed.error)}`,
    );
  };
}

export const parseToRenderer = parser(toRenderer, 'renderer');
export const parseToSupervisor = parser(toSupervisor, 'supervisor');
