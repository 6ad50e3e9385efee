/** What the commands have in common that act on the job store, and so on every server that claims from it; a farm need not run. */

import type { Command } from 'commander';
import { StoryfarmError } from '../errors.js';
import { LOCAL } from '../front/partners.js';
import { findInstalled } from '../media/install/catalog.js';
import type { JobStore, Pausable } from '../store/store.js';
import { configOf, withOptions } from './flags.js';
import type { Config } from './options.js';
import { PARTNER_NAME } from './partners.js';
import { openConfiguredStore } from './parts.js';
import { printJson } from './table.js';

/** Adds where the store is, and in which form to answer. */
export const forStore = (command: Command): Command =>
  withOptions(command, ['dataFolder', 'store']).option('--json', 'Print one JSON object.');

/** Does the work on the store that is there, and prints its answer: for programs as it is, for people as `text` says it. Rejects with `not_found` when there is no store. */
export async function inStore<R extends object>(
  command: Command,
  work: (store: JobStore, config: Config) => Promise<R>,
  text: (result: R) => string,
): Promise<void> {
  const { config } = configOf(command);
  const store = await openConfiguredStore(config, { isMade: true });
  try {
    const result = await work(store, config);
    if (command.opts<{ json?: boolean }>().json) printJson(result);
    else process.stdout.write(`${text(result)}\n`);
  } finally {
    await store.close();
  }
}

/** The name, if a partner can have it. */
export function partnerName(name: string): string {
  if (PARTNER_NAME.test(name)) return name;
  throw new StoryfarmError('invalid_request', `${JSON.stringify(name)} cannot be the name of a partner.`, {
    hint: 'A name has 1 to 64 letters, digits, . _ and -. `storyfarm partners` shows those that there are.',
  });
}

/** "partner acme", "template snow-post". */
export const nameOf = (what: Pausable): string =>
  'partner' in what ? `partner ${what.partner}` : `template ${what.template}`;

export const isSame = (one: Pausable, other: Pausable): boolean => nameOf(one) === nameOf(other);

/** What the partner, or the template, has in the queue. */
export async function loadOf(
  store: Pick<JobStore, 'shares'>,
  what: Pausable,
): Promise<{ readonly queued: number; readonly rendering: number }> {
  const shares = (await store.shares()).filter(({ partner, template }) =>
    'partner' in what ? what.partner === partner : what.template === template,
  );
  const sum = (name: 'queued' | 'rendering') => shares.reduce((total, share) => total + share[name], 0);
  return { queued: sum('queued'), rendering: sum('rendering') };
}

/** Whether the partner is configured, or the template installed. A name that nobody has is most often a misspelt one. */
export async function isNameHere({ partners, templateFolders }: Config, what: Pausable): Promise<boolean> {
  if ('template' in what) return (await findInstalled(templateFolders, what.template)) !== undefined;
  return partners === undefined ? what.partner === LOCAL : Object.hasOwn(partners, what.partner);
}

export const UNKNOWN = 'Nothing here knows the name: is it right?';
