/** What changes in a running farm when its configuration is read again, and what has to wait for a restart. Pure. */

import { StoryfarmError } from '../../errors.js';
import { type Config, GREATER, LIVE, OPTIONS, type OptionName } from '../options.js';

export interface Change {
  readonly name: OptionName;
  /** Null where an option has no value. */
  readonly from: unknown;
  readonly to: unknown;
}

export interface ReloadPlan {
  /** What is in force from now on: the old values of what cannot change. */
  readonly config: Config;
  readonly changed: readonly Change[];
  readonly restart: readonly OptionName[];
}

/** Throws `config_invalid` when what can change does not go with what cannot. */
export function planReload(inForce: Config, wanted: Config): ReloadPlan {
  const differing = (Object.keys(OPTIONS) as OptionName[]).filter((name) => !isSame(inForce[name], wanted[name]));
  const live = differing.filter((name) => LIVE.includes(name));
  const config = { ...inForce, ...Object.fromEntries(live.map((name) => [name, wanted[name]])) } as Config;
  for (const [more, less] of GREATER) {
    if ((config[more] as number) > (config[less] as number)) continue;
    throw new StoryfarmError(
      'config_invalid',
      `${more} must be greater than ${less}, which changes at a restart only.`,
    );
  }
  return {
    config,
    changed: live.map((name) => ({ name, from: inForce[name] ?? null, to: wanted[name] ?? null })),
    restart: differing.filter((name) => !LIVE.includes(name)),
  };
}

const isSame = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);
