/** How a supervisor behaves. Times are milliseconds, sizes bytes. The defaults are those of the configuration (cli/options). */

import type { FateLimits } from './decisions/fate.js';
import type { Patience } from './decisions/judge.js';
import type { RecycleLimits } from './decisions/recycle.js';
import type { LeaseLimits } from './jobs/leases.js';
import type { RoomLimits } from './jobs/room.js';

export interface SupervisorOptions extends RecycleLimits, Patience, FateLimits, LeaseLimits, RoomLimits {
  /** This server's name in leases and rows. */
  readonly server: string;
  /** Renderers at work at the same time. */
  readonly slots: number;
  /** Renderers that wait, booted, to take the seat of one that died or is to be recycled; with 0 one is started when it is needed. */
  readonly standby: number;
  /** Longest time between two looks at the store while it has nothing to claim. */
  readonly pollMs: number;
  /** After each of these waiting, a due job counts as of one priority more. Left out: as the store has it. */
  readonly ageingMs?: number;
  /** What the server has that not every one does (tags.ts); left out: nothing. */
  readonly tags?: readonly string[];
  /** Time between two looks at memory, mid-job. */
  readonly meterMs: number;
  /** How long a drain may take before what is left is killed and given back. */
  readonly drainMs: number;
}
