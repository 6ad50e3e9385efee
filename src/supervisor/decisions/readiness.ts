/** Why a farm cannot take jobs. Pure: how it stands goes in, a reason for people or nothing comes out. */

export type Mode = 'running' | 'draining' | 'stopping';

export interface Standing {
  readonly mode: Mode;
  /** Whether claims are paused by request. */
  readonly isHeld: boolean;
  /** Why nothing is claimed, as the claims have it. */
  readonly obstacle: string | undefined;
  readonly slots: number;
  /** Renderers in seats that have booted, and boots in a row that failed. */
  readonly booted: number;
  readonly failedBoots: number;
}

export function reasonNotReady({ mode, isHeld, obstacle, slots, booted, failedBoots }: Standing): string | undefined {
  if (mode !== 'running') return mode;
  if (isHeld) return obstacle;
  if (slots === 0) return 'scaled to no slots';
  if (booted === 0) return failedBoots > 0 ? 'renderers cannot boot' : 'no renderer is ready';
  return obstacle;
}
