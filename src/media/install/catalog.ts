/**
 * The installed templates: folders that hold a template.json.
 *
 * A template is known by its id and pinned by its content: the hash of its description and of every file that it names. What is broken is refused with
 * its file, the place and the remedy, and the others keep working.
 */

import { createHash } from 'node:crypto';
import { open, readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { asStoryfarmError, type Complaint, StoryfarmError } from '../../errors.js';
import type { Catalog, InstalledTemplate } from '../../template/catalog.js';
import { checkTemplate } from '../../template/check.js';
import type { Template } from '../../template/format.js';
import type { Judges } from '../../template/request.js';
import { checkAssets, layersOf } from './assets.js';

export interface BrokenTemplate {
  readonly folder: string;
  /** `template_invalid`, with one complaint per refused place. */
  readonly error: StoryfarmError;
}

export interface LoadedCatalog extends Catalog {
  readonly broken: readonly BrokenTemplate[];
}

/** Loads every template below the folders; a folder that has a template.json of its own is itself a template. Never rejects because of one template. */
export async function loadCatalog(folders: readonly string[], judges: Judges = {}): Promise<LoadedCatalog> {
  const usable = new Map<string, InstalledTemplate>();
  const broken: BrokenTemplate[] = [];
  for (const folder of await templateFolders(folders)) {
    try {
      const installed = await loadTemplate(folder, judges);
      const earlier = usable.get(installed.ref.id);
      if (earlier)
        throw invalid(folder, [
          {
            pointer: '/id',
            code: 'template_invalid',
            detail: `"${installed.ref.id}" is already the id of ${earlier.folder}. Choose another.`,
          },
        ]);
      usable.set(installed.ref.id, installed);
    } catch (error) {
      broken.push({ folder, error: asStoryfarmError(error) });
    }
  }
  const list = [...usable.values()].sort((a, b) => a.ref.id.localeCompare(b.ref.id));
  return { list: () => list, get: (id) => usable.get(id), broken };
}

/**
 * The template of that id, as `loadCatalog` has it, without loading the others; undefined when there is none, or none that can be used.
 */
export async function findInstalled(folders: readonly string[], id: string): Promise<InstalledTemplate | undefined> {
  for (const folder of await templateFolders(folders)) {
    const text = await readFile(join(folder, 'template.json'), 'utf8').catch(() => '');
    if (!text.includes(JSON.stringify(id))) continue;
    const installed = await loadTemplate(folder).catch(() => undefined);
    if (installed?.ref.id === id) return installed;
  }
  return undefined;
}

/** Loads and checks one template; with fonts to judge by, its sample words too. Rejects with `template_invalid`, file and complaints. */
export async function loadTemplate(path: string, judges: Judges = {}): Promise<InstalledTemplate> {
  const folder = resolve(path);
  const template = await readDescription(folder, judges);
  const complaints = await checkAssets(template, folder);
  if (complaints.length > 0) throw invalid(folder, complaints);
  return { ref: { id: template.id, version: await contentHash(template, folder) }, template, folder };
}

async function readDescription(folder: string, judges: Judges): Promise<Template> {
  const file = join(folder, 'template.json');
  const text = await readFile(file, 'utf8').catch((cause) => {
    throw new StoryfarmError('template_invalid', `${file} cannot be read.`, { cause, file });
  });
  let raw: unknown;
  try {
    raw = JSON.parse(text.replace(/^\uFEFF/, '')); // Some editors of Windows begin with a byte order mark.
  } catch (cause) {
    throw new StoryfarmError('template_invalid', `${file} is not JSON: ${(cause as Error).message}`, { cause, file });
  }
  const { template, complaints } = checkTemplate(raw, judges);
  if (!template || complaints.length > 0) throw invalid(folder, complaints);
  return template;
}

function invalid(folder: string, complaints: readonly Complaint[]): StoryfarmError {
  const file = join(folder, 'template.json');
  const first = complaints[0];
  const more = complaints.length > 1 ? ` (and ${complaints.length - 1} more)` : '';
  return new StoryfarmError(
    'template_invalid',
    `${file}${first ? ` ${first.pointer}: ${first.detail}` : ' is not valid.'}${more}`,
    { complaints, file },
  );
}

async function templateFolders(folders: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const folder of folders) {
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
    if (entries.some((entry) => entry.name === 'template.json')) {
      found.push(folder);
      continue;
    }
    for (const entry of entries) {
      if (!entry.isDirectory()) continue;
      const names = await readdir(join(folder, entry.name)).catch(() => [] as string[]);
      if (names.includes('template.json')) found.push(join(folder, entry.name));
    }
  }
  return found.sort();
}

/** SHA-256 over the checked description and the files it names: what changes the video changes the version, and nothing else does. */
async function contentHash(template: Template, folder: string): Promise<string> {
  const { $schema: _, tags: __, ...meaning } = template;
  const hash = createHash('sha256').update(JSON.stringify(meaning));
  const files = new Set([
    ...layersOf(template).map(({ layer }) => layer.file),
    ...(template.music ? [template.music.file] : []),
  ]);
  for (const file of [...files].sort()) {
    hash.update(`\n${file} ${await digestOf(join(folder, file))}`);
  }
  return hash.digest('hex');
}

/** SHA-256 of a file, in pieces so large that the hash is most of the work: as a stream it is a third of it. */
async function digestOf(path: string): Promise<string> {
  const content = createHash('sha256');
  const piece = Buffer.allocUnsafe(1 << 20);
  const file = await open(path);
  try {
    for (;;) {
      const { bytesRead } = await file.read(piece);
      if (bytesRead === 0) return content.digest('hex');
      content.update(piece.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
}
