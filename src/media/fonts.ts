/**
 * The fonts that come with this installation, ready for use in this process: read from fonts/manifest.json, registered with the canvas.
 * A font that cannot be loaded is fatal here, at boot: later the canvas would silently draw with a font of the system.
 */

import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { StoryfarmError } from '../errors.js';
import { packageFolder } from '../package.js';
import { type FontBook, type FontManifest, fontBook, type Measure, remembering } from '../scene/fonts.js';
import { canvasMeasure, registerFont } from './canvas.js';

export interface Fonts {
  readonly book: FontBook;
  /** Remembers what it has measured. */
  readonly measure: Measure;
}

const loaded = new Map<string, Fonts>();

/**
 * The fonts of a folder (default: those of this installation), loaded once per process: registering costs memory and is process-wide. Throws
 * `font_missing`, with the file, when the manifest cannot be read or a font is missing, of another size than the manifest says, or broken.
 */
export function loadFonts(folder: string = join(packageFolder, 'fonts')): Fonts {
  const known = loaded.get(folder);
  if (known) return known;
  const manifest = readManifest(join(folder, 'manifest.json'));
  for (const { family, ttf } of manifest.fonts) load(join(folder, ttf.file), ttf.bytes, family);
  const fonts = { book: fontBook(manifest), measure: remembering(canvasMeasure()) };
  loaded.set(folder, fonts);
  return fonts;
}

type Manifest = FontManifest & {
  readonly fonts: readonly { readonly ttf: { readonly file: string; readonly bytes: number } }[];
};

function readManifest(file: string): Manifest {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new StoryfarmError('font_missing', `The font manifest cannot be read: ${file}`, { file, cause });
  }
}

function load(file: string, bytes: number, family: string): void {
  const size = statSync(file, { throwIfNoEntry: false })?.size;
  if (size === undefined)
    throw new StoryfarmError('font_missing', `The font "${family}" is missing: ${file}`, { file });
  if (size !== bytes) {
    throw new StoryfarmError('font_missing', `The font "${family}" has ${size} bytes, not ${bytes}: ${file}`, { file });
  }
  if (!registerFont(file, family))
    throw new StoryfarmError('font_missing', `The font "${family}" cannot be read: ${file}`, { file });
}
