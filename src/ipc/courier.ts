/** The wire between a farm and its courier, in both directions, checked at both borders as that to the renderers is (messages.ts). Secrets come this way, since a command line can be read by others. */

import * as z from 'zod';

const options = z.strictObject({
  /** Address of the job store. */
  store: z.string(),
  /** By partner. */
  secrets: z.record(z.string(), z.array(z.string()).readonly()),
  timeoutMs: z.number(),
  logLevel: z.string(),
  /** Public addresses without a slash at the end. */
  front: z.string(),
  files: z.string(),
  /** The bucket of finished files, its public address, and milliseconds that signed ones hold. */
  storage: z.string().optional(),
  storageUrl: z.string().optional(),
  storageExpiry: z.number(),
});
export type CourierOrders = z.infer<typeof options>;

const toCourier = z.discriminatedUnion('type', [
  /** The first message. */
  z.strictObject({ type: z.literal('begin'), options }),
  /** A job has ended: look into the outbox. */
  z.strictObject({ type: z.literal('look') }),
  /** Send what is due, wait for what is under way, and exit with 0. */
  z.strictObject({ type: z.literal('leave') }),
]);
export type ToCourier = z.infer<typeof toCourier>;

const fromCourier = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('heartbeat') }),
  /** A call was settled. */
  z.strictObject({
    type: z.literal('told'),
    partner: z.string(),
    outcome: z.enum(['delivered', 'retried', 'given_up']),
    ms: z.number(),
  }),
]);
export type FromCourier = z.infer<typeof fromCourier>;

export const parseToCourier = (raw: unknown): ToCourier => toCourier.parse(raw);
export const parseFromCourier = (raw: unknown): FromCourier => fromCourier.parse(raw);
