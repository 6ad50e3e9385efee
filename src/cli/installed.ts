/** The template that a call names: by its id, or by its folder. */

import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { StoryfarmError } from '../errors.js';
import type { Cast } from '../job.js';
import { findInstalled, loadCatalog, loadTemplate } from '../media/install/catalog.js';
import type { InstalledTemplate } from '../template/catalog.js';
import type { Template } from '../template/format.js';
import type { Config } from './options.js';

/** What to do where no template is. */
export const NO_TEMPLATE =
  'Put a template there (`storyfarm templates new` makes one from any MP4), or name other places with --template-folders.';

/** Rejects with `unknown_template`, or with `template_invalid` and its complaints when the template is there but broken. */
export async function findTemplate(config: Pick<Config, 'templateFolders'>, name: string): Promise<InstalledTemplate> {
  const installed = await findInstalled(config.templateFolders, name);
  if (installed) return installed;
  const catalog = await loadCatalog(config.templateFolders);
  const broken = catalog.broken.find(({ folder }) => resolve(folder).split(/[/\\]/).at(-1) === name);
  if (broken) throw broken.error;
  if (await stat(join(name, 'template.json')).catch(() => undefined)) return loadTemplate(name);
  const there = catalog.list().map(({ ref }) => ref.id);
  throw new StoryfarmError('unknown_template', `There is no template "${name}".`, {
    hint:
      there.length > 0
        ? `There are: ${there.join(', ')}. A folder with a template.json does, too.`
        : `None is in ${config.templateFolders.join(', ')}. ${NO_TEMPLATE}`,
  });
}

/** Every way of casting a template's roles; the first is the usual one. */
export function castsOf(template: Template): readonly Cast[] {
  return template.roles.reduce<Cast[]>(
    (casts, role) =>
      casts.flatMap((cast) => role.characters.map((character) => ({ ...cast, [role.id]: character.id }))),
    [{}],
  );
}

export const castText = (cast: Cast): string => Object.values(cast).join(' + ') || '(no roles)';
