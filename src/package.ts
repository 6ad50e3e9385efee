/** Where this installation of Storyfarm lies, and which version it is. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Folder that holds package.json, fonts/ and templates/. This file runs as dist/src/package.js, or in a bundle in dist/bundle/ (scripts/build.mjs). */
export const packageFolder = fileURLToPath(new URL('../../', import.meta.url));

/** The program that each renderer runs. */
export const rendererProgram = join(packageFolder, 'bin', 'renderer.js');

/** The program that tells partners. */
export const courierProgram = join(packageFolder, 'bin', 'courier.js');

export const version: string = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version;
