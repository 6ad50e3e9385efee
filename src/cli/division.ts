/** How the queue is divided, and what is held back in it, put together for people and programs. Pure. */

import { LOCAL, type Partners } from '../front/partners.js';
import type { Limit, Pause, Share } from '../store/store.js';
import { agedText } from './control/picture.js';
import { nameOf } from './store-command.js';
import { table } from './table.js';

export interface Queue {
  readonly shares: readonly Share[];
  readonly limits: readonly Limit[];
  readonly pauses: readonly Pause[];
}

interface Load {
  readonly queued: number;
  readonly due: number;
  readonly rendering: number;
  /** Milliseconds since the epoch; null: not paused. */
  readonly pausedSince: number | null;
}
export interface PartnerLoad extends Load {
  readonly partner: string;
  /** How many keys it has; null where the API is open. */
  readonly keys: number | null;
  readonly limit: number | null;
}
export interface TemplateLoad extends Load {
  readonly template: string;
}

/** Every partner that is configured, has a job in the queue, or is held back. */
export function byPartner({ shares, limits, pauses }: Queue, configured: Partners | undefined): PartnerLoad[] {
  const held = pauses.flatMap((pause) => ('partner' in pause ? [{ name: pause.partner, since: pause.since }] : []));
  const known = configured === undefined ? [LOCAL] : Object.keys(configured);
  const names = [known, shares.map(({ partner }) => partner), limits.map(({ partner }) => partner)].flat();
  return unique([...names, ...held.map(({ name }) => name)]).map((partner) => ({
    partner,
    keys: configured === undefined ? null : (configured[partner]?.keys.length ?? 0),
    ...sum(shares.filter((share) => share.partner === partner)),
    limit: limits.find((limit) => limit.partner === partner)?.most ?? null,
    pausedSince: held.find(({ name }) => name === partner)?.since ?? null,
  }));
}

/** Every template that has a job in the queue or is paused. */
export function byTemplate({ shares, pauses }: Queue): TemplateLoad[] {
  const held = pauses.flatMap((pause) => ('template' in pause ? [{ name: pause.template, since: pause.since }] : []));
  return unique([...shares.map(({ template }) => template), ...held.map(({ name }) => name)]).map((template) => ({
    template,
    ...sum(shares.filter((share) => share.template === template)),
    pausedSince: held.find(({ name }) => name === template)?.since ?? null,
  }));
}

/** What is held back in the store, as lines; empty when nothing is. `now`: milliseconds since the epoch. */
export function heldText({ limits, pauses }: Pick<Queue, 'limits' | 'pauses'>, now: number): string {
  const paused = pauses.map((pause) => [nameOf(pause), `paused for ${agedText(now - pause.since)}`]);
  const limited = limits.map((limit) => [nameOf(limit), `at most ${limit.most} at once`]);
  return paused.length + limited.length === 0 ? '' : table(['held back', ''], [...paused, ...limited]);
}

export function divisionText(
  partners: readonly PartnerLoad[],
  templates: readonly TemplateLoad[],
  now: number,
): string {
  const load = ({ queued, due, rendering }: Load) => [queued, due, rendering];
  const pause = ({ pausedSince: since }: Load) => (since === null ? '' : `for ${agedText(now - since)}`);
  const isKeyed = partners.some(({ keys }) => keys !== null);
  const head = ['partner', ...(isKeyed ? ['keys'] : []), 'queued', 'due', 'rendering', 'at most', 'paused'];
  const rows = partners.map((each) => [
    each.partner,
    ...(isKeyed ? [each.keys || 'none'] : []),
    ...load(each),
    each.limit ?? '',
    pause(each),
  ]);
  const lines = [table(head, rows)];
  if (templates.length > 0) {
    const those = templates.map((each) => [each.template, ...load(each), pause(each)]);
    lines.push('', table(['template', 'queued', 'due', 'rendering', 'paused'], those));
  }
  return lines.join('\n');
}

const unique = (names: readonly string[]): string[] => [...new Set(names)].sort();

function sum(shares: readonly Share[]): Omit<Load, 'pausedSince'> {
  const of = (name: 'queued' | 'due' | 'rendering') => shares.reduce((total, share) => total + share[name], 0);
  return { queued: of('queued'), due: of('due'), rendering: of('rendering') };
}
