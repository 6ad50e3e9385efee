/** How a supervisor behaves. Times are milliseconds, sizes bytes. The defaults are those of the configuration (cli/config). */

import type { Patience } from './judge.js';
import type { RecycleLimits } from './recycle.js';

export interface SupervisorOptions extends RecycleLimits, Patience {
  /** This server's name in leases and rows. */
  readonly server: string;
  /** Renderers at work at the same time. */
  readonly slots: number;
  /** How long a claim holds without renewal. Renewed at a third of it, sooner while there is progress to note. */
  readonly leaseMs: number;
  /** Longest time between two looks at the store while it has nothing to claim. */
  readonly pollMs: number;
  /** Time between two looks at memory, mid-job. */
  readonly meterMs: number;
  /** Counted failures after which a job is dead. */
  readonly maxAttempts: number;
  /** Renderers a job may end before it is set aside as poison. */
  readonly maxCrashes: number;
  /** How long a drain may take before what is left is killed and given back. */
  readonly drainMs: number;
}
