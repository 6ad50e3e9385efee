/** Partners as they are configured: by name, with the hashes of their keys (front/partners.ts), and where and how they are told of their jobs (delivery/). */

import * as z from 'zod';
import { isSecret, type Secrets } from '../delivery/sign.js';

const OBJECT = 'Give an object such as {"acme": {"keys": ["sha256:…"]}}.';
const HASH = 'Give "sha256:" and 64 hexadecimal digits, as `storyfarm partners key` prints them.';
const NAME = 'A name has 1 to 64 letters, digits, . _ and -.';

export const PARTNER_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

const keys = z
  .array(z.string(HASH).regex(/^sha256:[0-9a-f]{64}$/, HASH), { error: 'Give a list of keys.' })
  .min(1, 'Give at least one key.');

const ORIGIN =
  'Give origins such as "https://portal.example.com": scheme, host and port alone, as browsers write them: small letters, xn-- for others than a to z, no port that is the usual one, no *.';
const SECRET = 'Give "whsec_" and 24 to 64 bytes of base64, as `storyfarm partners secret` prints it.';

const isOrigin = (text: string) => URL.canParse(text) && /^https?:[^*]*$/.test(text) && new URL(text).origin === text;

const callbacks = z.strictObject(
  {
    origins: z.array(z.string(ORIGIN).refine(isOrigin, ORIGIN), { error: ORIGIN }).min(1, ORIGIN),
    secrets: z.array(z.string(SECRET).refine(isSecret, SECRET), { error: SECRET }).min(1, SECRET),
  },
  { error: 'Give an object such as {"origins": ["https://portal.example.com"], "secrets": ["whsec_…"]}.' },
);

const configured = z
  .record(
    z.string().regex(PARTNER_NAME),
    z.strictObject({ keys, callbacks: callbacks.optional() }, { error: OBJECT }),
    {
      error: ({ code }) => (code === 'invalid_key' ? NAME : OBJECT),
    },
  )
  .refine(
    (partners) => Object.keys(partners).length > 0,
    'Give at least one partner; without the option the API is open.',
  )
  // It would name neither of two partners.
  .refine((partners) => {
    const all = Object.values(partners).flatMap(({ keys }) => keys);
    return new Set(all).size === all.length;
  }, 'A key is given twice.');

/** In the file an object, in a variable its JSON. No message repeats a value: somebody may give a key in place of its hash. */
export const partnersSchema = z
  .unknown()
  .transform((value, context): unknown => {
    if (typeof value !== 'string') return value;
    try {
      return JSON.parse(value);
    } catch {
      context.addIssue({ code: 'custom', message: OBJECT });
      return z.NEVER;
    }
  })
  .pipe(configured);

export type ConfiguredPartners = z.output<typeof configured>;

/** The secrets of all partners that may be told; none: there is nobody to tell. */
export const secretsOf = (partners: ConfiguredPartners | undefined): Secrets =>
  Object.fromEntries(
    Object.entries(partners ?? {}).flatMap(([name, { callbacks }]) => (callbacks ? [[name, callbacks.secrets]] : [])),
  );
