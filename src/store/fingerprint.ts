/** What makes two requests under one idempotency key the same request; shared by every adapter. */

import { createHash } from 'node:crypto';
import type { NewJob } from './store.js';

/**
 * SHA-256 in hex of what the partner asked for: template, cast, words and callback address, whatever the order of their keys. The template's version is left out: it
 * is pinned at acceptance, and an honest retry may come after the template was replaced. So are priority and delay, which say when and not what.
 */
export function fingerprint({ request, callbackUrl }: NewJob): string {
  const asked = [request.template.id, sorted(request.cast), sorted(request.words), callbackUrl ?? null];
  return createHash('sha256').update(JSON.stringify(asked)).digest('hex');
}

const sorted = (record: Readonly<Record<string, string>>): [string, string][] =>
  Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));
