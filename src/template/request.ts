/**
 * Judges what is asked of a template: who plays, and the words. The front, the command line and the renderer all ask here, so that what one
 * accepts the next does not refuse. Every place that is wrong is named at once, with pointers relative to the body of a job.
 */

import { type Complaint, type ErrorCode, StoryfarmError } from '../errors.js';
import type { Cast, Words } from '../job.js';
import { type FontBook, type Measure, missingGlyphs } from '../scene/fonts.js';
import { layOut } from '../scene/layout.js';
import { graphemes } from '../scene/text/graphemes.js';
import { overlayOf } from './fill.js';
import type { Bubble, Template } from './format.js';
import { pointer } from './pointer.js';
import { sanitise } from './sanitise.js';

export interface RequestInput {
  readonly cast?: Readonly<Record<string, string>> | undefined;
  readonly words: Readonly<Record<string, string>>;
}

/** What words are judged by: `fonts` for missing glyphs, `measure` for whether they fit the bubble. */
export interface Judges {
  readonly fonts?: FontBook | undefined;
  readonly measure?: Measure | undefined;
}

/**
 * The cast complete (a role that is not given is played by its first character) and the words sanitised, empty ones left out. Throws with every
 * complaint; the code is that of the complaint when there is one, else `invalid_request`. Codes: `unknown_role`, `unknown_character`,
 * `unknown_bubble`, `missing_words`, `words_too_long`, `control_characters`, `missing_glyphs`, and with `measure` `words_do_not_fit`.
 */
export function checkRequest(
  template: Template,
  input: RequestInput,
  fonts: FontBook,
  measure?: Measure,
): { cast: Cast; words: Words } {
  const complaints: Complaint[] = [];
  const cast = castOf(template, input.cast ?? {}, complaints);
  const words: [string, string][] = [];
  for (const bubble of template.bubbles) {
    const text = Object.hasOwn(input.words, bubble.id) ? (input.words[bubble.id] ?? '') : '';
    const checked = checkWords(bubble, text, pointer('words', bubble.id), { fonts, measure });
    complaints.push(...checked.complaints);
    if (checked.text !== '') words.push([bubble.id, checked.text]);
  }
  for (const id of Object.keys(input.words)) {
    if (template.bubbles.some((bubble) => bubble.id === id)) continue;
    complaints.push(
      complaint('unknown_bubble', pointer('words', id), `The template "${template.id}" has no such bubble.`),
    );
  }
  refuse(complaints);
  return { cast, words: Object.fromEntries(words) };
}

/** The cast alone, complete. Throws `unknown_role` or `unknown_character`. */
export function checkCast(template: Template, given: Readonly<Record<string, string>>): Cast {
  const complaints: Complaint[] = [];
  const cast = castOf(template, given, complaints);
  refuse(complaints);
  return cast;
}

function castOf(template: Template, given: Readonly<Record<string, string>>, complaints: Complaint[]): Cast {
  for (const role of Object.keys(given)) {
    if (template.roles.some(({ id }) => id === role)) continue;
    complaints.push(
      complaint('unknown_role', pointer('cast', role), `The template "${template.id}" has no such role.`),
    );
  }
  const chosen = template.roles.map(({ id, characters }): [string, string] => {
    const wanted = Object.hasOwn(given, id) ? given[id] : characters[0]?.id;
    if (!characters.some((character) => character.id === wanted)) {
      const offered = characters.map((character) => character.id).join(', ');
      complaints.push(
        complaint('unknown_character', pointer('cast', id), `This role is played by one of: ${offered}.`),
      );
    }
    return [id, wanted ?? ''];
  });
  return Object.fromEntries(chosen);
}

/** UTF-16 units of the longest emoji in use: a kissing couple with two skin tones. More per character is not honest text. */
const UNITS_PER_CHARACTER = 16;

/** Judges the words of one bubble. Words with an objection are not judged further. */
export function checkWords(
  bubble: Bubble,
  raw: string,
  at: string,
  { fonts, measure }: Judges,
): { readonly text: string; readonly complaints: readonly Complaint[] } {
  const { maxLength, maxLines, required } = bubble.limits;
  const { text, removed } = sanitise(raw, maxLength * UNITS_PER_CHARACTER);
  const because = (code: ErrorCode, detail: string) => ({ text, complaints: [complaint(code, at, detail)] });
  if (removed.some(({ code }) => code === 'words_too_long'))
    return because('words_too_long', `Far more than ${maxLength} characters.`);
  if (removed.length > 0) return { text, complaints: removed.map(({ code, detail }) => complaint(code, at, detail)) };
  if (text === '')
    return required ? because('missing_words', 'This bubble must have words.') : { text, complaints: [] };
  const lines = text.split('\n').length;
  const length = graphemes(text).length - (lines - 1);
  if (length > maxLength) return because('words_too_long', `${length} characters; at most ${maxLength}.`);
  if (lines > maxLines) return because('words_do_not_fit', `${lines} lines; at most ${maxLines}.`);
  const missing = fonts ? missingGlyphs(text, fonts.stack(bubble.style.font)) : [];
  if (missing.length > 0)
    return because('missing_glyphs', `No font has ${missing.slice(0, 10).map(named).join(', ')}.`);
  const misfit = fonts && measure ? fitComplaint(bubble, text, fonts, measure) : undefined;
  return misfit ? because('words_do_not_fit', misfit) : { text, complaints: [] };
}

function fitComplaint(bubble: Bubble, text: string, fonts: FontBook, measure: Measure): string | undefined {
  try {
    layOut(overlayOf(bubble, text), fonts, measure);
    return undefined;
  } catch (error) {
    if (error instanceof StoryfarmError && error.code === 'words_do_not_fit') return error.message;
    throw error;
  }
}

/** A character as a person and a machine can find it: "𓀀" (U+13080). */
function named(character: string): string {
  const point = (character.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, '0');
  return `"${character}" (U+${point})`;
}

function complaint(code: ErrorCode, at: string, detail: string): Complaint {
  return { pointer: at, code, detail };
}

function refuse(complaints: readonly Complaint[]): void {
  const [first, ...others] = complaints;
  if (!first) return;
  if (others.length === 0) throw new StoryfarmError(first.code, `${first.pointer}: ${first.detail}`, { complaints });
  throw new StoryfarmError(
    'invalid_request',
    `${complaints.length} places are wrong; the first is ${first.pointer}: ${first.detail}`,
    { complaints },
  );
}
