/**
 * What a job is made of: the edition of its template for its cast, found or prepared.
 *
 * What is found is not trusted. Before a file of it is read it is held against what was prepared; where that shows damage, the edition is deleted and prepared again, and the job goes on with that.
 */

import { StoryfarmError } from '../errors.js';
import type { RenderOrder } from '../ipc/messages.js';
import type { Edition, Editions, PrepareOptions } from '../media/prepare/editions.js';
import type { Catalog, InstalledTemplate } from '../template/catalog.js';

export interface SourceTools {
  readonly editions: Pick<Editions, 'find' | 'isDamaged' | 'check' | 'prepare' | 'touch'>;
  /** What is installed at the moment of asking. */
  readonly catalog: () => Promise<Catalog>;
  /** Milliseconds without progress after which ffmpeg is killed. */
  readonly stallMs?: number;
}

export type Source = Pick<RenderOrder, 'template' | 'cast'>;

/** The edition, with these files (all when none are named) as they were prepared. `prepare` is called when there is no such edition, and told whether there was one that is damaged: it goes, or is gone, with its films. */
export async function soundEdition(
  { template, cast }: Source,
  { editions }: SourceTools,
  prepare: (wasDamaged: boolean) => Promise<Edition>,
  files?: (edition: Edition) => readonly string[],
): Promise<Edition> {
  const found = await editions.find(template, cast);
  if (!found) return prepare(await editions.isDamaged(template, cast));
  return (await editions.check(found, files?.(found))) ? found : prepare(true);
}

/** Prepares the edition from the template that is installed. That may be replaced while its files are read: what was made of them then is of no version, and is not kept. */
export async function prepareFootage(
  source: Source,
  tools: SourceTools,
  options: Pick<PrepareOptions, 'onProgress' | 'signal'>,
): Promise<Edition> {
  const { editions, stallMs } = tools;
  const installed = await installedFor(source, tools);
  const recheck = async () => void (await installedFor(source, tools));
  return editions.prepare(installed, source.cast, { ...options, stallMs, recheck });
}

/** A job is pinned to a template's content: an installed template of other content is not what was asked for. */
async function installedFor({ template }: Source, { catalog }: SourceTools): Promise<InstalledTemplate> {
  const installed = (await catalog()).get(template.id);
  if (!installed)
    throw new StoryfarmError('unknown_template', `The template "${template.id}" is not installed on this server.`);
  if (installed.ref.version !== template.version) {
    throw new StoryfarmError(
      'unknown_template',
      `The template "${template.id}" was replaced after the job was accepted.`,
      {
        hint: 'Send the job again: it is then made from the template that is installed now.',
      },
    );
  }
  return installed;
}
