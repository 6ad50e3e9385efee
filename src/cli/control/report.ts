/** A running farm as data: what `storyfarm status` shows of it. */

import { version } from '../../package.js';
import type { Slot } from '../../supervisor/renderer/renderer.js';
import type { Supervisor } from '../../supervisor/supervisor.js';
import { type Config, LIVE } from '../options.js';
import type { FarmStatus } from './protocol.js';

export type Reported = Pick<Supervisor, 'slots' | 'options' | 'mode' | 'pausedFor' | 'readiness' | 'preparing'>;

const preparingOf = ({ edition, progress, waiting }: NonNullable<Reported['preparing']>) => ({
  ...{ template: edition.template.id, cast: edition.cast, progress, waiting },
});

/** `now` and `startedAt` are monotonic milliseconds. */
export function reportOf(farm: Reported, config: Pick<Config, 'slots'>, now: number, startedAt: number): FarmStatus {
  return {
    server: farm.options.server,
    pid: process.pid,
    version,
    upMs: Math.round(now - startedAt),
    mode: farm.mode,
    ...farm.readiness(),
    paused: farm.pausedFor ?? null,
    slots: farm.options.slots,
    configuredSlots: config.slots,
    seats: farm.slots.map((slot) => seatOf(slot, now, slot.number >= farm.options.slots)),
    preparing: farm.preparing ? preparingOf(farm.preparing) : null,
    live: [...LIVE],
  };
}

function seatOf({ number, renderer }: Slot, now: number, closing: boolean): FarmStatus['seats'][number] {
  const { assignment } = renderer ?? {};
  return {
    slot: number,
    phase: renderer?.phase ?? 'empty',
    pid: renderer?.process.pid || null,
    jobs: renderer?.jobs ?? 0,
    memory: renderer?.memory ?? 0,
    leak: renderer?.leak ?? 0,
    ageMs: renderer ? Math.round(now - renderer.startedAt) : 0,
    job: assignment ? { id: assignment.job.id, progress: assignment.progress } : null,
    recycling: renderer?.recycling ?? null,
    closing,
  };
}
