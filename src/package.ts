/** Where this installation of Storyfarm lies, and which version it is. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Folder that holds package.json, fonts/ and templates/. This file runs as dist/src/package.js. */
export const packageFolder = fileURLToPath(new URL('../../', import.meta.url));

export const version: string = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version;
