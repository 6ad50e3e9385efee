/** `storyfarm templates validate`: form, places, files, and whether the sample words fit. */

import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { type Complaint, StoryfarmError } from '../../../errors.js';
import { loadFonts } from '../../../media/fonts.js';
import { loadCatalog } from '../../../media/install/catalog.js';
import { printJson } from '../../table.js';

interface Report {
  readonly folder: string;
  readonly id?: string;
  readonly version?: string;
  readonly complaints: readonly Complaint[];
}

export function validateCommand(): Command {
  return new Command('validate')
    .description('Check templates: form, places, files, and whether the sample words fit.')
    .argument('<folders...>', 'template folders, or folders of templates')
    .option('--json', 'Print one JSON object.')
    .action(async (folders: string[], { json }: { json?: boolean }) => {
      const reports: Report[] = [];
      for (const folder of folders) reports.push(...(await examine(folder)));
      if (json) printJson({ templates: reports });
      else process.stdout.write(`${reports.flatMap(lines).join('\n')}\n`);
      if (reports.some(({ complaints }) => complaints.length > 0)) process.exitCode = 1;
    });
}

async function examine(folder: string): Promise<readonly Report[]> {
  if (!(await stat(folder).catch(() => undefined))?.isDirectory()) {
    throw new StoryfarmError('not_found', `There is no folder ${folder}.`, {
      file: folder,
      hint: 'Give the folder that holds template.json.',
    });
  }
  const { book, measure } = loadFonts();
  const catalog = await loadCatalog([folder], { fonts: book, measure });
  const usable = catalog.list().map(({ folder, ref }) => ({ folder, ...ref, complaints: [] }));
  const broken = catalog.broken.map(({ folder, error: { code, message, complaints } }) => ({
    folder,
    complaints: complaints.length > 0 ? complaints : [{ pointer: '', code, detail: message }],
  }));
  if (usable.length + broken.length > 0) return [...usable, ...broken];
  const detail = 'There is no template.json here or one level below.';
  return [{ folder, complaints: [{ pointer: '', code: 'template_invalid', detail }] }];
}

function lines({ folder, complaints }: Report): string[] {
  return [
    `${complaints.length === 0 ? 'ok ' : 'BAD'}  ${join(folder, 'template.json')}`,
    ...complaints.map(({ pointer, detail }) => `       ${pointer || '/'}  ${detail}`),
  ];
}
