/**
 * The portal of all partners, which wants to be told of every job's end and is no better than portals are: of three calls it fails one, leaves one in forty without an answer, and cuts the line of another. It answers
 * an event for good when it has seen it before, so that what it costs is seconds; and it notes which events of which jobs it has taken, once their signature was checked.
 */

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { Webhook } from 'standardwebhooks';
import { newSecret } from '../../../src/delivery/sign.js';
import { keyHash, newKey } from '../../../src/front/partners.js';
import type { JobStore } from '../../../src/store/store.js';
import { generator } from '../../bench/render/contents/words.js';
import { PARTNERS } from './partners.js';

const SHARES = { fails: 0.33, silent: 0.025, cuts: 0.025 };
/** A call is given up, and what a dead courier held comes back, within some seconds. */
const TIMEOUT = '3s';
/** All are told when the pause after a second failure (a minute) is over; the rest is for a machine that has other things to do. */
const LAST_MS = 150_000;
const LOOK_MS = 100;

export interface Portal {
  /** The key of each of the partners whose portal it is. */
  readonly keyOf: (partner: string) => string;
  readonly url: string;
  /** Options by which services know it. */
  readonly env: NodeJS.ProcessEnv;
  /** The events that it took, by job. */
  readonly told: ReadonlyMap<string, ReadonlySet<string>>;
  /** What it cannot make sense of, as sentences. */
  readonly complaints: readonly string[];
  /** Calls that it answered well, failed ones, and events that came again though they had been taken. */
  readonly counts: { taken: number; failed: number; again: number };
  close(): void;
}

export async function openPortal(seed: number): Promise<Portal> {
  const [secret, chance] = [newSecret(), generator(seed ^ 0xca11)];
  const keys = new Map(PARTNERS.map((partner) => [partner, newKey()]));
  const webhook = new Webhook(secret);
  const told = new Map<string, Set<string>>();
  const seen = new Set<string>();
  const complaints: string[] = [];
  const counts = { taken: 0, failed: 0, again: 0 };
  const server = createServer(async (request, response) => {
    const body = await text(request).catch(() => undefined);
    // Its sender has died.
    if (body === undefined) return;
    const event = String(request.headers['webhook-id']);
    const fate = seen.has(event) ? 1 : chance();
    seen.add(event);
    const { fails, silent, cuts } = SHARES;
    if (fate < fails + silent + cuts) {
      counts.failed++;
      if (fate < fails) response.writeHead(500).end();
      else if (fate < fails + cuts) request.socket.destroy();
      return;
    }
    try {
      const { data } = webhook.verify(body, request.headers as Record<string, string>) as { data: { id: string } };
      const events = told.get(data.id) ?? new Set();
      if (events.has(event)) counts.again++;
      told.set(data.id, events.add(event));
    } catch (error) {
      complaints.push(`a call that is not signed well: ${(error as Error).message}`);
    }
    counts.taken++;
    response.writeHead(204).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const callbacks = { origins: [origin], secrets: [secret] };
  const partners = Object.fromEntries(
    [...keys].map(([partner, key]) => [partner, { keys: [keyHash(key)], callbacks }]),
  );
  return {
    keyOf: (partner) => keys.get(partner) ?? '',
    url: `${origin}/told`,
    env: { STORYFARM_PARTNERS: JSON.stringify(partners), STORYFARM_CALLBACK_TIMEOUT: TIMEOUT },
    told,
    complaints,
    counts,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Waits until no callback waits any more; what does after a while is for the books. */
export async function allTold(store: Pick<JobStore, 'claimCallbacks'>): Promise<void> {
  for (const deadline = performance.now() + LAST_MS; performance.now() < deadline; await pause(LOOK_MS)) {
    // Held for no time, a row is left as it was.
    const { rows, nextInMs } = await store.claimCallbacks({ limit: 1, holdMs: 0 });
    if (rows.length === 0 && nextInMs === null) return;
  }
}
