#!/usr/bin/env node
// Writes docs/configuration.md from the table of options (src/cli/options.ts). A test fails when the committed file is not what this writes.
//
//   node scripts/docs.mjs

import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { configurationPage } from '../dist/src/cli/page.js';

const file = fileURLToPath(new URL('../docs/configuration.md', import.meta.url));
await writeFile(file, configurationPage());
console.log(file);
