/**
 * What is said on the control socket: every request and every answer, checked on both sides.
 *
 * A request is one line of JSON, `{"v":1,"do":"scale","slots":4}`, and so is its answer: `{"v":1,"ok":…}` or `{"v":1,"error":…}`. Every request is idempotent:
 * asking twice is asking once. The version is raised when an older farm or an older command would understand a line wrongly.
 */

import * as z from 'zod';
import { type Complaint, isErrorCode, StoryfarmError } from '../../errors.js';

export const VERSION = 1;
/** Most slots that a farm may be scaled to; the least is 0. */
export const MOST_SLOTS = 256;
/** Longest request in bytes, its end of line included. */
export const LONGEST_REQUEST = 4_096;

/** Shown on terminals and in logs, so without what would disturb them. */
const reason = z
  .string()
  .trim()
  .max(200)
  .regex(/^[^\p{Cc}\p{Bidi_Control}]*$/u, 'no control characters');

const request = z.discriminatedUnion('do', [
  z.strictObject({ do: z.literal('status') }),
  z.strictObject({ do: z.literal('scale'), slots: z.int().min(0).max(MOST_SLOTS) }),
  /** Claim nothing more until `resume`. */
  z.strictObject({ do: z.literal('pause'), reason }),
  z.strictObject({ do: z.literal('resume') }),
  /** Replace the renderer of a slot, or all, one after the other. */
  z.strictObject({ do: z.literal('recycle'), slot: z.int().min(0).optional() }),
  /** Read the configuration again. */
  z.strictObject({ do: z.literal('reload') }),
  /** Finish the present jobs, then end. */
  z.strictObject({ do: z.literal('drain') }),
  /** Give the present jobs back and end. */
  z.strictObject({ do: z.literal('stop') }),
  /** Answered when the farm has ended; the connection then stays until its process is gone. */
  z.strictObject({ do: z.literal('await') }),
]);
export type Request = z.infer<typeof request>;
export type Deed = Request['do'];

const bytes = z.number().min(0);
const seat = z.strictObject({
  slot: z.int(),
  /** Of its renderer, or `empty`. */
  phase: z.string(),
  pid: z.int().nullable(),
  /** Jobs it was given, the present one included. */
  jobs: z.int(),
  /** Bytes over the process tree, and what it leaks with every job, as far as is known. */
  memory: bytes,
  leak: z.number(),
  ageMs: z.number(),
  /** The present job and its fraction, 0 to 1. */
  job: z.strictObject({ id: z.string(), progress: z.number() }).nullable(),
  /** Why its renderer is to be replaced. */
  recycling: z.string().nullable(),
  /** It is more than the farm is to have, and is taken away when its job has ended. */
  closing: z.boolean(),
});
const status = z.strictObject({
  server: z.string(),
  pid: z.int(),
  version: z.string(),
  upMs: z.number(),
  mode: z.enum(['running', 'draining', 'stopping']),
  ready: z.boolean(),
  reason: z.string(),
  /** Why claims are paused by request. */
  paused: z.string().nullable(),
  /** Slots it is to have, and what the configuration says. */
  slots: z.int(),
  configuredSlots: z.int(),
  seats: z.array(seat),
  /** The edition that is being prepared beside the jobs: its template, who plays, its fraction (0 to 1), and how many wait for their turn. */
  preparing: z
    .strictObject({
      template: z.string(),
      cast: z.record(z.string(), z.string()),
      progress: z.number(),
      waiting: z.int(),
    })
    .nullable(),
  /** Options that `reload` changes. */
  live: z.array(z.string()),
});
export type FarmStatus = z.infer<typeof status>;

const RESULTS = {
  status,
  scale: z.strictObject({ slots: z.int(), before: z.int(), finishing: z.int() }),
  pause: z.strictObject({ paused: z.string(), jobs: z.int() }),
  resume: z.strictObject({ wasPaused: z.boolean(), ready: z.boolean(), reason: z.string() }),
  recycle: z.strictObject({ slots: z.array(z.int()) }),
  reload: z.strictObject({
    file: z.string().nullable(),
    /** What is in force from now on, as it was and as it is. */
    changed: z.array(z.strictObject({ name: z.string(), from: z.unknown(), to: z.unknown() })),
    /** What differs, and is in force after a restart only. */
    restart: z.array(z.string()),
    /** Whether renderers are replaced for it. */
    recycles: z.boolean(),
  }),
  drain: z.strictObject({ mode: status.shape.mode, jobs: z.int(), atMostMs: z.number() }),
  stop: z.strictObject({ mode: status.shape.mode, jobs: z.int() }),
  await: z.strictObject({}),
} satisfies Record<Deed, z.ZodType>;
export type Results = { [D in Deed]: z.infer<(typeof RESULTS)[D]> };

const complaint = z.strictObject({
  pointer: z.string(),
  code: z.custom<Complaint['code']>(isErrorCode),
  detail: z.string(),
});
const refusal = z.strictObject({
  code: z.string(),
  message: z.string(),
  hint: z.string(),
  complaints: z.array(complaint).default([]),
});

export const requestLine = (asked: Request): string => `${JSON.stringify({ v: VERSION, ...asked })}\n`;

export const resultLine = (ok: object): string => `${JSON.stringify({ v: VERSION, ok })}\n`;

export function refusalLine({ code, message, hint, complaints }: StoryfarmError): string {
  return `${JSON.stringify({ v: VERSION, error: { code, message, hint, complaints } })}\n`;
}

/** Throws `invalid_request`. */
export function parseRequest(line: string): Request {
  const parsed = request.safeParse(unwrapped(line));
  if (parsed.success) return parsed.data;
  throw new StoryfarmError('invalid_request', `This is no request: ${z.prettifyError(parsed.error)}`, {
    hint: `One line such as ${requestLine({ do: 'scale', slots: 4 }).trim()}; "do" is one of ${DEEDS.join(', ')}.`,
  });
}

/** What the farm answered. Throws what it refused with, or `invalid_request` when it is no answer. */
export function parseAnswer<D extends Deed>(deed: D, line: string): Results[D] {
  const answer = unwrapped(line);
  const refused = refusal.safeParse(answer.error);
  if (refused.success) {
    const { code, message, hint, complaints } = refused.data;
    throw new StoryfarmError(isErrorCode(code) ? code : 'internal', message, { hint, complaints });
  }
  const result = RESULTS[deed].safeParse(answer.ok);
  if (result.success) return result.data as Results[D];
  throw new StoryfarmError('invalid_request', 'The farm answered what is no answer.', { hint: OTHER_VERSION });
}

const DEEDS = Object.keys(RESULTS) as readonly Deed[];
const OTHER_VERSION = 'The farm and this command are of different versions of Storyfarm; restart the farm.';

function unwrapped(line: string): Record<string, unknown> {
  let raw: unknown;
  try {
    raw = JSON.parse(line);
  } catch (cause) {
    throw new StoryfarmError('invalid_request', 'The line is no JSON.', {
      cause,
      hint: 'Send one JSON object a line.',
    });
  }
  const { v, ...rest } = Object(raw) as Record<string, unknown>;
  if (v !== VERSION) {
    const told = v === undefined ? 'no version' : `version ${JSON.stringify(v)}`;
    const message = `The line is of ${told} of the control protocol, not of version ${VERSION}.`;
    throw new StoryfarmError('invalid_request', message, { hint: OTHER_VERSION });
  }
  return rest;
}
