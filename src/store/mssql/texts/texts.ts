/** Every text of the store, made once for the schema that its tables are in. Their comments have the parameters that are not those of the contract. */

import { claim, news, renew } from './claim.js';
import { enqueue } from './enqueue.js';
import { claimCallbacks, limit, limits, pause, pauses, resume, settle } from './hold.js';
import { anyCallback, bell, changes, counts, get, history, outbox, recent, shares } from './looks.js';
import { end, rescue } from './move.js';
import { eraseWords, purge, purgeable } from './retention.js';
import { announce, forget, needs, published, servers } from './servers.js';

const WRITES = {
  enqueue,
  claim,
  renew,
  end,
  rescue,
  limit,
  pause,
  resume,
  claimCallbacks,
  settle,
  purge,
  eraseWords,
  announce,
  forget,
};
const LOOKS = {
  news,
  get,
  history,
  counts,
  shares,
  recent,
  changes,
  outbox,
  anyCallback,
  bell,
  limits,
  pauses,
  purgeable,
  published,
  servers,
  needs,
};

export type WriteName = keyof typeof WRITES;
export type LookName = keyof typeof LOOKS;
export type Texts = Readonly<Record<WriteName | LookName, string>>;

/** `s` is the schema. */
export const textsFor = (s: string): Texts =>
  Object.fromEntries(Object.entries({ ...WRITES, ...LOOKS }).map(([name, text]) => [name, text(s)])) as Texts;
