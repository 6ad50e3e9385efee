/** What a demo sends, and what comes back. */

import type { JobDocument } from '../../front/documents.js';
import type { JobResult } from '../../job.js';
import type { JobStore } from '../../store/store.js';
import { inLocale, type Template } from '../../template/format.js';
import { followJob, sendJob } from '../follow.js';

export interface DemoJob {
  readonly name: string;
  /** Of the sample words, for bubbles that are not given words here. */
  readonly locale: string;
  /** Replaces the words of the first bubble. */
  readonly first?: string;
}

/** Cut to what the bubble takes: as much as a person may type. */
const LONG =
  'A long line shrinks until all of it fits, and then it still looks good, even in a bubble as small as this one is here';

/** Sent to begin with. */
export const FIRST: DemoJob = { name: 'Korean', locale: 'ko' };
export const OTHERS: readonly DemoJob[] = [
  { name: 'English, emoji', locale: 'en', first: 'Guess who? 🎉❤️‍🔥' },
  { name: 'long, shrinks', locale: 'en', first: LONG },
];
/** Each with words of its own. */
export const MANY: readonly DemoJob[] = Array.from({ length: 30 }, (_, n) => ({
  name: `${n + 1}`,
  locale: 'en',
  first: `No. ${n + 1}`,
}));

export interface Rendered {
  readonly name: string;
  readonly job: JobDocument;
  /** What the store keeps of it and partners have no need of: paths and stages. Null for a job that is dead. */
  readonly result: JobResult | null;
  /** From the request to the finished files. */
  readonly seconds: number;
}

export interface Front {
  readonly url: string;
  readonly key: string;
  readonly store: Pick<JobStore, 'get'>;
  readonly template: Template;
}

/** Sends a job and waits for it. */
export async function make(
  { url, key, store, template }: Front,
  { name, locale, first }: DemoJob,
  onProgress: (fraction: number, what: string) => void,
  signal: AbortSignal,
): Promise<Rendered> {
  const words = Object.fromEntries(
    template.bubbles.map((bubble, n) => [
      bubble.id,
      n === 0 && first ? cut(first, bubble.limits.maxLength) : inLocale(bubble.sample, locale),
    ]),
  );
  const manner = { signal, key };
  const sent = performance.now();
  const accepted = await sendJob(url, { template: template.id, words }, manner);
  const job = await followJob(url, accepted, onProgress, manner);
  const seconds = (performance.now() - sent) / 1000;
  return { name, job, result: (await store.get(job.id))?.result ?? null, seconds };
}

/** Whole words, as many as the limit allows. */
function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  return text.slice(0, text.lastIndexOf(' ', most)).replace(/,$/, '');
}
