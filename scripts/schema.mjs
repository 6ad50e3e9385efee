#!/usr/bin/env node
// Writes schema/template.schema.json, by which editors of template.json complete and check as one types, from the definition that validates
// (src/template/format.ts). A test fails when the committed file is not what this writes.
//
//   npm run schema

import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { templateJsonSchema } from '../dist/src/template/format.js';

const file = fileURLToPath(new URL('../schema/template.schema.json', import.meta.url));
await mkdir(fileURLToPath(new URL('../schema/', import.meta.url)), { recursive: true });
await writeFile(file, `${JSON.stringify(templateJsonSchema(), null, 2)}\n`);
console.log(file);
