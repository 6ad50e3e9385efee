/**
 * Whether the swap path gives what the re-encode path gives: all shipped templates, many words, looked at from every side.
 *
 *   npm run verify -- templates [--template ID]... [--words 50] [--casts first|all] [--reencodes 3] [--seed 1]
 *                               [--data-folder DIR] [--template-folders DIR]... [--ffmpeg-path FILE] [--json]
 *
 * Problem: a film into which words are put is no encoder's own work. That it looks right once, in one decoder, proves little.
 *
 * So for each template and cast: the swap test's figures stored with the films; then word sets (word-sets.ts), rendered as jobs are, none of which may have been encoded. Each file's structure, strict and
 * silent decoding with one, slice and frame threads, seeking, and conformance of its key frames are looked at (checks/), and its pictures in two ways:
 *
 * - All sets: around the bubbles every frame is held against the blank film, from which it may differ by what the swap test found and rounding; in the bubbles the
 *   first, middle and last frame of each window is held against the drawn words.
 * - The first `--reencodes` sets: they are rendered by the re-encode path too, and every frame is compared with it, and both with the truth (checks/reencoded.ts). To encode
 *   all sets again would cost hours and prove nothing more: what lies around the bubbles is the blank film's in all sets. These sets are also played in Chromium, where it is installed.
 *
 * Templates that are not prepared are, in the data folder, or in a temporary one: minutes each. The exit code is 1 when anything failed. All of it takes the better part of an hour; SIGTERM
 * ends it after the present set, and what was found so far is told.
 *
 * What it does not do: tell what anything costs (`npm run bench -- render`), or ask decoders other than ffmpeg's and Chromium's.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { castsOf, castText } from '../../src/cli/installed.js';
import { table } from '../../src/cli/table.js';
import { systemClock } from '../../src/clock.js';
import { createFiles } from '../../src/files/files.js';
import { createLog } from '../../src/log.js';
import { openFfmpeg } from '../../src/media/ffmpeg.js';
import { loadFonts } from '../../src/media/fonts.js';
import { loadCatalog } from '../../src/media/install/catalog.js';
import { openEditions } from '../../src/media/prepare/editions.js';
import { createMetrics } from '../../src/metrics.js';
import { packageFolder } from '../../src/package.js';
import { findChromium, openBrowser } from '../browser/chromium.js';
import { readFlags, refuse, say, wholeNumber } from '../flags.js';
import { type Verified, verifyEdition } from './edition.js';
import type { Finding } from './findings.js';
import { openRenderers } from './outputs.js';
import { wordSets } from './word-sets.js';

const flags = readFlags({
  options: {
    template: { type: 'string', multiple: true, default: [] },
    words: { type: 'string', default: '50' },
    casts: { type: 'string', default: 'first' },
    reencodes: { type: 'string', default: '3' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
    'data-folder': { type: 'string' },
    'template-folders': { type: 'string', multiple: true, default: [join(packageFolder, 'templates')] },
    'ffmpeg-path': { type: 'string' },
  },
});
const whole = (name: 'words' | 'reencodes' | 'seed', least: 0 | 1) => wholeNumber(name, flags[name], least);
// Without words hardly anything is looked at, and all would be as it should be.
const [words, reencodes, seed] = [whole('words', 1), whole('reencodes', 0), whole('seed', 0)];
if (flags.casts !== 'first' && flags.casts !== 'all') refuse('--casts: first or all.');

const work = mkdtempSync(join(tmpdir(), 'storyfarm-verify-'));
process.on('exit', () => rmSync(work, { recursive: true, force: true }));
process.on('SIGINT', () => process.exit(130));
const interrupt = new AbortController();
process.on('SIGTERM', () => {
  say('Ending after the present set.');
  interrupt.abort();
});

const ffmpeg = openFfmpeg(flags['ffmpeg-path']);
const fonts = loadFonts();
const editions = openEditions(flags['data-folder'] ? resolve(flags['data-folder']) : work, ffmpeg);
const renderers = openRenderers(ffmpeg, fonts, editions, work);
const catalog = await loadCatalog(flags['template-folders'].map((folder) => resolve(folder)));
const chosen =
  flags.template.length === 0
    ? catalog.list()
    : flags.template.map((id) => catalog.get(id) ?? refuse(`There is no template "${id}".`));
if (chosen.length === 0) refuse('No template is installed.');

const folder = join(work, 'jobs');
const log = createLog({ part: 'verify', level: 'error', to: process.stderr });
const files = createFiles({ log, metrics: createMetrics(), clock: systemClock, folder });
const url = await files.listen({ host: '127.0.0.1', port: 0 });
const found = findChromium();
const browser = typeof found === 'string' ? undefined : await openBrowser(found, url);
if (typeof found === 'string') say(`Nothing is played: ${found}.`);

interface Result extends Verified {
  readonly template: string;
  readonly cast: string;
  readonly reencoded: number;
}

const results: Result[] = [];
for (const installed of chosen) {
  const { template, ref } = installed;
  const casts = castsOf(template);
  for (const cast of flags.casts === 'all' ? casts : casts.slice(0, 1)) {
    if (interrupt.signal.aborted) break;
    if (!(await editions.isWhole(ref, cast))) say(`preparing ${ref.id}, ${castText(cast)}`);
    const edition = await editions.prepare(installed, cast);
    await editions.film(edition);
    const sets = wordSets(template, fonts, words, seed);
    const around = { browser, reencodes, seed, say, interrupt: interrupt.signal, jobs: { folder, url } };
    const bench = { ffmpeg, fonts, editions, renderers, ...around };
    const verified = await verifyEdition(edition, sets, bench);
    results.push({
      template: ref.id,
      cast: castText(cast),
      ...verified,
      reencoded: Math.min(verified.sets, reencodes),
    });
  }
}
await browser?.close();
await files.close();

const failed = results.reduce((sum, { findings }) => sum + findings.reduce((some, row) => some + row.failed, 0), 0);
if (flags.json) {
  const settings = { words, reencodes, seed, casts: flags.casts, ffmpeg: ffmpeg.version };
  process.stdout.write(
    `${JSON.stringify({ failed, settings, chromium: typeof found !== 'string', results }, undefined, 2)}\n`,
  );
} else for (const result of results) console.log(`\n${textOf(result)}`);
const isCut = interrupt.signal.aborted;
if (!flags.json)
  console.log(failed > 0 ? `\n${failed} checks failed.` : `\nAll is as it should be${isCut ? ', so far' : ''}.`);
process.exit(failed > 0 ? 1 : isCut ? 143 : 0);

function textOf({ template, cast, sets, reencoded, findings, refused }: Result): string {
  const rows = findings.map(({ rendition, check, done, worst, limit, failed: wrong }: Finding) => [
    ...[rendition, check, done, figure(worst), limit],
    limit === '' && worst !== undefined ? 'told' : wrong === 0 ? 'good' : `${wrong} FAILED`,
  ]);
  return [
    `${template}, ${cast}: ${sets} word sets, ${reencoded} of them encoded again and compared frame by frame`,
    table(['rendition', 'check', 'done', 'worst', 'limit', ''], rows),
    ...refused.map(({ rendition, bubble, reason }) => `${rendition}: "${bubble}" takes no words by swap: ${reason}`),
    ...findings.flatMap(({ rendition, check, failures }) =>
      failures.map((failure) => `${rendition}, ${check}: ${failure}`),
    ),
  ].join('\n');
}

function figure(value: number | undefined): string {
  return value === undefined ? '' : String(Number(value.toFixed(4)));
}
