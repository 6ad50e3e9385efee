/** The partner's side: asks the front for jobs as one ought to, again and again with the same key until there is an answer, whatever happens to the front. */

import { request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { Purpose, Wish } from '../plan.js';

/** What came of a wish. */
export interface Answered {
  readonly key: string;
  readonly purpose: Purpose;
  /** The jobs that were named in answers: one, or something is wrong. */
  readonly ids: readonly string[];
  /** A refusal that asking again would not change: status and body. */
  readonly refusal: string | undefined;
}

/** The fronts as a switch shows them: each request goes to the next, and one that is not answered to another. */
export interface Fronts {
  readonly places: readonly { readonly host: string; readonly port: number }[];
  /** The key of each partner, and where all of them want to be told. */
  readonly keyOf: (partner: string) => string;
  readonly callback: string;
  /** The template to ask for. */
  readonly templateOf: (purpose: Purpose) => string;
  /** Called when a request is on its way and nothing of its answer is there. */
  readonly sent: (front: number) => void;
  /** Called when an answer is whole. */
  readonly heard: (front: number) => void;
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** A request that is not answered by then is sent again. */
const PATIENCE_MS = 10_000;
const PAUSE_MS = 100;

export class Client {
  readonly answered: Answered[] = [];
  /** Requests that had to be sent again. */
  repeats = 0;
  readonly #fronts: Fronts;
  #next = 0;
  readonly #signal: AbortSignal;

  /** When the signal fires, it asks no more. */
  constructor(fronts: Fronts, signal: AbortSignal) {
    this.#fronts = fronts;
    this.#signal = signal;
  }

  /** Resolves with the accepted job's id; undefined when it was refused, or it was told to stop. */
  async send({ key, partner, purpose, cast, words, priority, reuse }: Wish): Promise<string | undefined> {
    const { templateOf, callback } = this.#fronts;
    const body = JSON.stringify({ template: templateOf(purpose), cast, words, priority, reuse, callback });
    const answer = await this.#insist('/v1/jobs', body, partner, key);
    if (!answer) return undefined;
    const id = answer.status === 202 ? (JSON.parse(answer.body) as { id: string }).id : undefined;
    const refusal = id === undefined ? `${answer.status} ${answer.body}` : undefined;
    // Now and then asked once more though it was answered: the same key, the same job.
    const again =
      id !== undefined && this.answered.length % 20 === 0 && (await this.#insist('/v1/jobs', body, partner, key));
    const other = again && again.status === 202 ? (JSON.parse(again.body) as { id: string }).id : id;
    this.answered.push({ key, purpose, ids: [...new Set([id, other])].filter((each) => each !== undefined), refusal });
    return id;
  }

  /** Withdraws a job, unless it is finished by then. */
  async cancel(id: string, partner: string): Promise<void> {
    await this.#insist(`/v1/jobs/${id}/cancel`, '', partner, undefined);
  }

  /** Until there is an answer that is not "later". */
  async #insist(path: string, body: string, partner: string, key: string | undefined): Promise<Answer | undefined> {
    while (!this.#signal.aborted) {
      const answer = await this.#ask(path, body, partner, key).catch(() => undefined);
      if (answer && answer.status < 500 && answer.status !== 429) return answer;
      this.repeats++;
      await pause(PAUSE_MS);
    }
    return undefined;
  }

  #ask(path: string, body: string, partner: string, key: string | undefined): Promise<Answer> {
    const front = this.#next++ % this.#fronts.places.length;
    const headers = {
      authorization: `Bearer ${this.#fronts.keyOf(partner)}`,
      ...(body && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
      ...(key && { 'idempotency-key': key }),
    };
    const options = { ...this.#fronts.places[front], path, method: 'POST', headers, timeout: PATIENCE_MS };
    return new Promise((resolve, reject) => {
      const asking = request({ ...options, agent: false }, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (part: string) => {
          text += part;
        });
        response.on('end', () => {
          this.#fronts.heard(front);
          resolve({ status: response.statusCode ?? 0, body: text });
        });
        response.on('error', reject);
        response.on('aborted', () => reject(new Error('The answer was cut off.')));
      });
      asking.on('error', reject);
      asking.on('timeout', () => asking.destroy(new Error('There was no answer.')));
      asking.end(body, () => this.#fronts.sent(front));
    });
  }
}
