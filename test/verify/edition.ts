/** All checks of one edition: what is stored with its films, then word set after word set through both render paths. */

import { readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { castText } from '../../src/cli/installed.js';
import type { Words } from '../../src/job.js';
import type { Ffmpeg } from '../../src/media/ffmpeg.js';
import { MOST, SHARPENED } from '../../src/media/film/swap-test.js';
import type { Fonts } from '../../src/media/fonts.js';
import { fpsOfRendition, framesOf } from '../../src/media/ladder.js';
import type { Edition, Editions } from '../../src/media/prepare/editions.js';
import { FILM_FILE, type Film, openFilm } from '../../src/media/splice/film.js';
import type { Rendition } from '../../src/template/format.js';
import { generator } from '../bench/render/contents/words.js';
import { LEAST as LEAST_SEEN, watchBubbles } from '../browser/bubbles.js';
import type { Browser } from '../browser/chromium.js';
import { conformanceFlaws } from './checks/conformance.js';
import { decode, seekFlaws } from './checks/decoding.js';
import { expectedIn, likenessToExpected } from './checks/expected.js';
import { compareWithReencoded, makeTruth } from './checks/reencoded.js';
import { probe, structureFlaws, type Wanted } from './checks/structure.js';
import { type Finding, Findings } from './findings.js';
import type { Rendered, Renderers } from './outputs.js';
import { Masks } from './pictures/masks.js';
import type { WordSet } from './word-sets.js';

export interface Bench {
  readonly ffmpeg: Ffmpeg;
  readonly fonts: Fonts;
  readonly editions: Editions;
  readonly renderers: Renderers;
  /** The folder of finished jobs as files are served from it, and where. */
  readonly jobs: { readonly folder: string; readonly url: string };
  /** Undefined where there is none. */
  readonly browser: Browser | undefined;
  /** Word sets, from the first on, that are encoded again and played too. */
  readonly reencodes: number;
  readonly seed: number;
  readonly say: (text: string) => void;
  /** Ends the work after the set that is under way. */
  readonly interrupt: AbortSignal;
}

/** Limits that are no part of the product: what is asked of it, and of words that were encoded at its quantiser. */
const LEAST = { frame: 0.98, inside: 0.98, insidePsnr: 38 };
/**
 * By how much SSIM the swap path may be farther from the truth than the re-encode path: in the mean around the bubbles; in any frame; in a frame in which the two are less alike than
 * asked.
 */
const ALLOWANCE = { around: 0.002, frame: 0.02, unlike: 0.01 };
/** What words may change around the bubbles beyond what white against black did, sharpened: each rounds in its own way. */
const ROUNDING = 2;
/** Levels of 256 by which a sample of the words may be off; one wrong letter is off by more than a hundred. */
const MOST_OFF = 24;
const SEEKS = 20;
const PLAY_RATE = 4;

/** One rendition with what is compared against. */
interface Subject {
  readonly rendition: Rendition;
  readonly film: Film;
  readonly masks: Masks;
  readonly wanted: Wanted;
}

/** A bubble whose words cannot be put into a film. */
interface Refusal {
  readonly rendition: string;
  readonly bubble: string;
  readonly reason: string;
}

export interface Verified {
  /** Word sets that were looked at: all, unless it was interrupted. */
  readonly sets: number;
  readonly findings: readonly Finding[];
  readonly refused: readonly Refusal[];
}

export async function verifyEdition(edition: Edition, sets: readonly WordSet[], bench: Bench): Promise<Verified> {
  const findings = new Findings();
  const refused: Refusal[] = [];
  const subjects: Subject[] = [];
  for (const rendition of edition.template.ladder) {
    const description = await bench.editions.describe(edition, rendition);
    refused.push(...(description?.refused ?? []).map((each) => ({ rendition: rendition.id, ...each })));
    for (const kind of ['inside', 'outside', 'after'] as const) {
      const levels = description?.swapTest[kind] ?? 255;
      findings.measure(rendition.id, `swap test: ${kind}, levels`, levels, { most: MOST[kind] }, 'film');
    }
    const film = await openFilm(edition.film(rendition));
    if (film)
      subjects.push({
        rendition,
        film,
        masks: new Masks(rendition, film.areas),
        wanted: await wantedOf(edition, rendition, film),
      });
  }
  const chance = generator(bench.seed);
  let done = 0;
  for (const [number, set] of sets.entries()) {
    if (bench.interrupt.aborted) break;
    done++;
    const name = `set ${number} (${set.kind})`;
    bench.say(`${edition.ref.id}, ${castText(edition.cast)}: ${name}`);
    // What goes wrong with one set must not hide what the others show.
    const wrong = await verifySet(edition, subjects, set, number < bench.reencodes, {
      findings,
      bench,
      chance,
      name,
    }).then(
      () => [],
      (error: Error) => [error.message],
    );
    findings.hold('all', 'looked at from all sides', wrong, name);
  }
  return { sets: done, findings: findings.list(), refused };
}

async function wantedOf(edition: Edition, rendition: Rendition, film: Film): Promise<Wanted> {
  return {
    frames: framesOf(edition.template, rendition),
    film: await probe(join(edition.film(rendition), FILM_FILE)),
    cuts: film.cuts.map(({ frame }) => frame),
  };
}

/** `inFull`: by the re-encode path and in the browser too. */
async function verifySet(
  edition: Edition,
  subjects: readonly Subject[],
  set: WordSet,
  inFull: boolean,
  around: Around,
): Promise<void> {
  const { findings, bench, name } = around;
  const { renderers } = bench;
  const swapped = await renderers.render(edition, set.words);
  const again = await renderers.render(edition, set.words);
  const reencoded = inFull ? await renderers.reencode(edition, set.words) : undefined;
  try {
    const isSwapped = swapped.stages.encode === undefined;
    findings.hold('all', 'swap path taken', isSwapped ? [] : ['a rendition was encoded'], name);
    if (!isSwapped) return; // What was encoded is not the film, and would fail everywhere.
    for (const subject of subjects) {
      const { rendition } = subject;
      const files = await Promise.all([swapped, again].map(({ file }) => readFile(file(rendition))));
      const isSame = files[0]?.equals(files[1] as Buffer);
      findings.hold(rendition.id, 'same words again, same bytes', isSame ? [] : ['the files differ'], name);
      await verifyFile(edition, subject, swapped, set, around);
      if (!reencoded) continue;
      await verifyPlayback(edition, subject, swapped, around);
      await compareAll(edition, subject, { swapped, reencoded, words: set.words }, around);
    }
  } finally {
    for (const rendered of [swapped, again, reencoded]) await rendered?.discard();
  }
}

/** What all checks of a set are given. */
interface Around {
  readonly findings: Findings;
  readonly bench: Bench;
  /** Numbers from 0 to 1. */
  readonly chance: () => number;
  readonly name: string;
}

async function verifyFile(
  edition: Edition,
  { rendition, film, masks, wanted }: Subject,
  rendered: Rendered,
  set: WordSet,
  { findings, bench, chance, name }: Around,
): Promise<void> {
  const { id } = rendition;
  const { ffmpeg, fonts } = bench;
  const { template } = edition;
  const file = rendered.file(rendition);
  const fps = fpsOfRendition(template, rendition);
  findings.hold(id, 'structure as the film', await structureFlaws(file, wanted), name);
  findings.hold(id, 'conformance of key frames', conformanceFlaws(await readFile(file), fps.value), name);
  const { digests, flaws } = await decode(ffmpeg.path, file);
  findings.hold(id, 'strict decoding: silent, alike', flaws, name);
  const places = Array.from({ length: SEEKS }, () => Math.floor(chance() * wanted.frames));
  findings.hold(id, `seeking to ${SEEKS} places`, await seekFlaws(ffmpeg.path, file, fps, places, digests), name);

  const expected = await expectedIn(film, template, rendition, { cast: edition.cast, words: set.words }, fonts);
  const files = { swapped: file, blank: join(edition.film(rendition), FILM_FILE) };
  const like = await likenessToExpected(ffmpeg, { template, rendition, film, masks }, files, expected);
  const { outside, after } = film.description.swapTest;
  const leak = (levels: number) => Math.ceil(levels * SHARPENED) + ROUNDING;
  findings.measure(
    id,
    'around bubbles against blank film, levels',
    like.around,
    { most: leak(Math.max(outside, after)) },
    name,
  );
  findings.measure(id, 'between windows against blank film, levels', like.after, { most: leak(after) }, name);
  const where = `${name}, ${like.worst}`;
  findings.measure(id, 'in bubbles against drawn words, SSIM', like.ssim, { least: LEAST.inside }, where);
  findings.measure(id, 'in bubbles against drawn words, levels', like.levels, { most: MOST_OFF }, name);
  findings.measure(id, 'in bubbles against drawn words, dB', like.psnr, { least: LEAST.insidePsnr }, name);
}

async function verifyPlayback(
  { template }: Edition,
  { rendition }: Subject,
  rendered: Rendered,
  { findings, bench: { browser, jobs }, name }: Around,
): Promise<void> {
  if (!browser) return;
  const file = rendered.file(rendition);
  const url = `${jobs.url}/v1/files/${relative(jobs.folder, file).replaceAll('\\', '/')}`;
  const { seen, flaws } = await watchBubbles(browser, { url, file, rate: PLAY_RATE }, template, rendition);
  findings.hold(rendition.id, 'played in Chromium', flaws, name);
  const { id } = rendition;
  for (const { frame, ssim, words } of seen) {
    const where = `${name}, frame ${frame}`;
    findings.measure(id, 'frames in Chromium, SSIM', ssim, { least: LEAST_SEEN.ssim }, where);
    findings.measure(id, 'macroblocks of bubbles in Chromium, SSIM', words, { least: LEAST_SEEN.words }, where);
  }
}

async function compareAll(
  edition: Edition,
  { rendition, masks }: Subject,
  { swapped, reencoded, words }: { readonly swapped: Rendered; readonly reencoded: Rendered; readonly words: Words },
  { findings, bench, name }: Around,
): Promise<void> {
  const { id } = rendition;
  const file = reencoded.file(rendition);
  const truth = await makeTruth(bench, edition, rendition, words, dirname(file));
  const files = { swapped: swapped.file(rendition), reencoded: file, truth };
  const compared = await compareWithReencoded(bench.ffmpeg, edition, { rendition, masks }, files);
  for (const [frame, ssim] of compared.alike.entries()) {
    const where = `${name}, frame ${frame}`;
    const lost = (compared.reencoded[frame] ?? 1) - (compared.swapped[frame] ?? 0);
    findings.measure(id, 'frames against truth: SSIM lost to re-encode path', lost, { most: ALLOWANCE.frame }, where);
    findings.tell(id, 'frames against re-encode path, SSIM', ssim);
    if (ssim < LEAST.frame) findings.tell(id, `of these frames: those below ${LEAST.frame}`, ssim);
    findings.tell(id, 'frames of re-encode path against truth, SSIM', compared.reencoded[frame] ?? 0);
    findings.tell(id, 'frames of swap path against truth, SSIM', compared.swapped[frame] ?? 0);
    // Both are lossy, each in its own way, so that two good ones may be less alike than asked: then it matters which is nearer to the truth.
    const isWorse = ssim < LEAST.frame && lost > ALLOWANCE.unlike;
    findings.hold(id, 'frames alike, or hardly farther from truth', isWorse ? [`${ssim}, ${lost} lost`] : [], where);
  }
  const lost = compared.around.reencoded - compared.around.swapped;
  const told = `${name}: ${compared.around.swapped.toFixed(4)} against ${compared.around.reencoded.toFixed(4)}`;
  findings.measure(id, 'around bubbles: SSIM lost to re-encode path', lost, { most: ALLOWANCE.around }, told);
}
