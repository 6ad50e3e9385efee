/**
 * The conformance suite: what src/store/store.ts promises, as tests that any adapter has to pass. An adapter's own test file calls `conformance` and adds only what is
 * true of its database alone.
 *
 * Nothing here sleeps: an expired lease is one of 0 ms, a job that is not due is one of an hour's delay, and two processes are two handles on the same data.
 */

import { describe } from 'node:test';
import { claims } from './conformance/claims.js';
import { endings } from './conformance/endings.js';
import { enqueueing } from './conformance/enqueueing.js';
import { followers } from './conformance/followers.js';
import { handles } from './conformance/handles.js';
import { holds } from './conformance/holds.js';
import { leases } from './conformance/leases.js';
import { outbox } from './conformance/outbox.js';
import { racing } from './conformance/racing.js';
import { rerendering } from './conformance/rerendering.js';
import { retention } from './conformance/retention.js';
import { servers } from './conformance/servers.js';
import type { Open } from './conformance/subject.js';
import { tags } from './conformance/tags.js';
import { turns } from './conformance/turns.js';

export function conformance(name: string, open: Open): void {
  describe(`${name}: the store's contract`, () => {
    enqueueing(open);
    claims(open);
    turns(open);
    racing(open);
    holds(open);
    leases(open);
    endings(open);
    outbox(open);
    followers(open);
    retention(open);
    servers(open);
    tags(open);
    rerendering(open);
    handles(open);
  });
}
