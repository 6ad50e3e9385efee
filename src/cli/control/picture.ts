/** A running farm as people see it in `storyfarm status`. */

import { castText } from '../installed.js';
import { bytesText, table } from '../table.js';
import { counted } from './command.js';
import type { FarmStatus } from './protocol.js';

/** Lines for a terminal of 80 columns. */
export function pictureOf(farm: FarmStatus): string {
  const { slots, configuredSlots, seats } = farm;
  const scaled = slots === configuredSlots ? '' : ` (${configuredSlots} in the configuration)`;
  const head = `farm ${farm.server}, pid ${farm.pid}, up ${agedText(farm.upMs)}: ${counted(slots, 'slot')}${scaled}, ${farm.reason}`;
  const preparing = farm.preparing ? [preparingText(farm.preparing)] : [];
  if (seats.length === 0) return [head, ...preparing].join('\n\n');
  const rows = table(['slot', 'renderer', 'pid', 'jobs', 'memory', 'age', 'job', ''], seats.map(row));
  return [head, rows, ...preparing].join('\n\n');
}

function preparingText({ template, cast, progress, waiting }: NonNullable<FarmStatus['preparing']>): string {
  return `preparing ${template} ${castText(cast)}: ${Math.floor(progress * 100)} %${waiting > 0 ? `, ${counted(waiting, 'edition')} waiting` : ''}`;
}

function row({ slot, phase, pid, jobs, memory, ageMs, job, recycling, closing }: FarmStatus['seats'][number]) {
  const isThere = pid !== null;
  return [
    slot,
    phase,
    pid ?? '',
    isThere ? jobs : '',
    memory > 0 ? bytesText(memory) : '',
    isThere ? agedText(ageMs) : '',
    job ? `${job.id.slice(0, 8)} ${Math.floor(job.progress * 100)} %` : '',
    closing ? 'closing' : recycling ? 'recycling' : '',
  ];
}

/** In the unit that tells most. */
export function agedText(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7_200) return `${Math.floor(seconds / 60)} min`;
  const hours = seconds / 3600;
  return hours < 48 ? `${hours.toFixed(1)} h` : `${(hours / 24).toFixed(1)} d`;
}
