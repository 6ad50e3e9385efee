/** Ids of jobs and events; shared by every adapter. */

import { randomUUID } from 'node:crypto';

/**
 * A UUID of version 7 (RFC 9562): the time in milliseconds, then 74 random bits. The random ones keep addresses unguessable; the time keeps ids that are made together
 * next to each other in an index, so that a commit of a hundred jobs touches a few of its pages and not a hundred.
 */
export function newId(now = Date.now()): string {
  const time = now.toString(16).padStart(12, '0');
  // Of a random UUID: after `xxxxxxxx-xxxx-4`, 12 random bits, the variant, and 62 more.
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
}
