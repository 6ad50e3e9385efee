/**
 * What machines ask: is the process alive (`/livez`), may it be sent work (`/readyz`), and its numbers (`/metrics`).
 *
 * `/readyz` is truthful: it asks what the next request would need, each time, so that a switch may rely on it. A check that does not answer in time
 * has failed.
 */

import type { FastifyInstance } from 'fastify';
import type { Clock } from '../clock.js';
import { asStoryfarmError } from '../errors.js';
import type { Metrics } from '../metrics.js';

export interface Check {
  readonly name: string;
  /** Rejects with the reason when the part cannot do its work now. */
  run(): Promise<void>;
}

export interface HealthDeps {
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly checks: readonly Check[];
  /** Milliseconds after which a check has failed. Default 2 s. */
  readonly checkTimeoutMs?: number;
}

export interface Readiness {
  readonly ready: boolean;
  readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly reason?: string }[];
}

export async function healthRoutes(
  app: FastifyInstance,
  { metrics, clock, checks, checkTimeoutMs = 2000 }: HealthDeps,
): Promise<void> {
  const config = { probe: true };

  app.get('/livez', { config }, async () => ({ alive: true }));

  app.get('/readyz', { config }, async (_request, reply) => {
    const answer = app.leaving.is
      ? { ready: false, checks: [{ name: 'server', ok: false, reason: 'It is closing.' }] }
      : await readiness();
    return reply.code(answer.ready ? 200 : 503).send(answer);
  });

  app.get('/metrics', { config }, async (_request, reply) =>
    reply.type(metrics.contentType).send(await metrics.text()),
  );

  async function readiness(): Promise<Readiness> {
    const results = await Promise.all(
      checks.map(async ({ name, run }) => {
        try {
          await within(run());
          return { name, ok: true };
        } catch (error) {
          return { name, ok: false, reason: asStoryfarmError(error).message };
        }
      }),
    );
    return { ready: results.every(({ ok }) => ok), checks: results };
  }

  function within(work: Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      const cancel = clock.after(checkTimeoutMs, () => reject(new Error(`No answer within ${checkTimeoutMs} ms.`)));
      work.then(resolve, reject).finally(cancel);
    });
  }
}
