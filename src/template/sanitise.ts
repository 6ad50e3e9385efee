/**
 * What people type, made safe to lay out. The same function runs in the page, the API and the renderer.
 *
 * Problem: text can be built to hang a segmenter (it needs quadratic memory), to stack marks over the whole picture, or to turn the direction
 * of what follows; and honest text arrives with the rests of wherever it was copied from.
 *
 * Solution: two kinds of things are taken out. Silently, what nobody misses: other forms of line ends and spaces, decomposed letters, soft
 * hyphens, byte order marks, direction marks, joiners and variation selectors where they join or select nothing. With an objection, what
 * somebody put there: control characters, directional overrides and isolates, private use, unassigned code points, halves of surrogate pairs,
 * stacks of marks, overlong text. The API refuses text with objections; an editor goes on with the cleaned text and says what it dropped.
 *
 * What it does not do: count characters (request.ts), look at fonts.
 */

export interface Objection {
  readonly code: 'control_characters' | 'words_too_long';
  readonly detail: string;
}

export interface Sanitised {
  /** Always safe to segment, lay out and draw: well-formed, NFC, `\n` between lines, no blanks at the ends of lines. */
  readonly text: string;
  /** What was taken out that somebody put there; empty for honest text. */
  readonly removed: readonly Objection[];
}

/** Cleans the first `maxUnits` UTF-16 units of `text`; the rest is cut off unread, so that the time is bounded. Never throws. */
export function sanitise(text: string, maxUnits: number): Sanitised {
  const removed: Objection[] = [];
  if (text.length > maxUnits) {
    removed.push({ code: 'words_too_long', detail: `${text.length} UTF-16 units; at most ${maxUnits} are read.` });
  }
  let clean = normaliseBlanks(cut(text, maxUnits));
  for (const { what, pattern, keep = '' } of REFUSED) {
    const before = clean;
    clean = clean.replace(pattern, keep);
    if (clean !== before) removed.push({ code: 'control_characters', detail: what });
  }
  const whole = dropStrays(clean);
  // Before NFC, which sorts marks in quadratic time; and after, because it takes a few letters apart.
  const few = unpile(whole);
  const composed = few.normalize('NFC');
  const result = unpile(composed);
  if (few !== whole || result !== composed) {
    const detail = `More than ${MOST_MARKS} combining marks, or ${MOST_JOINED} joined emoji, in one character.`;
    removed.push({ code: 'control_characters', detail });
  }
  return { text: trimLines(result), removed };
}

function cut(text: string, maxUnits: number): string {
  if (text.length <= maxUnits) return text;
  return text.slice(0, maxUnits).replace(/[\ud800-\udbff]$/, '');
}

/** Line ends of all systems become \n; all spaces but the ideographic and the no-break one become U+0020; the invisible goes. */
function normaliseBlanks(text: string): string {
  return text
    .replace(/\r\n?|[\v\f\u0085\u2028\u2029]/g, '\n')
    .replace(/[\t\u1680\u2000-\u200a\u202f\u205f]/g, ' ')
    .replace(/[\u00ad\u061c\u180e\u200b\u200e\u200f\u2060-\u2064\u206a-\u206f\ufeff]/g, '');
}

interface Refused {
  readonly what: string;
  readonly pattern: RegExp;
  readonly keep?: string;
}

const REFUSED: readonly Refused[] = [
  { what: 'Half of a surrogate pair.', pattern: /\p{Cs}/gu },
  { what: 'A control character.', pattern: /(?!\n)\p{Cc}/gu },
  { what: 'A directional override, embedding or isolate.', pattern: /[\u202a-\u202e\u2066-\u2069]/g },
  { what: 'A private-use character.', pattern: /\p{Co}/gu },
  // Reserved emoji stay: an emoji newer than this engine may well be in the fonts.
  { what: 'An unassigned code point.', pattern: /(?!\p{Extended_Pictographic})\p{Cn}/gu },
  // Tags spell the names of flags such as Scotland's; anywhere else they are hidden text.
  {
    what: 'A hidden tag character.',
    pattern: /(\u{1f3f4}[\u{e0030}-\u{e007a}]{1,6}\u{e007f})|[\u{e0000}-\u{e007f}]/gu,
    keep: '$1',
  },
  { what: 'An annotation character.', pattern: /[\ufff9-\ufffb]/g },
];

/** Vietnamese needs 2 marks on a letter, pointed Hebrew and Arabic 3. */
const MOST_MARKS = 4;
/** A couple with a heart and a kiss has 4 parts, a family 4. */
const MOST_JOINED = 5;

const MARK = '(?![\\ufe0f\\u20e3])\\p{M}';
const PILE = new RegExp(`((?:${MARK}){${MOST_MARKS}})(?:${MARK})+`, 'gu');
const PART = '[^\\u200d\\ufe0f\\p{EMod}]\\ufe0f?\\p{EMod}?';
const CHAIN = new RegExp(`(${PART}(?:\\u200d${PART}){${MOST_JOINED - 1}})(?:\\u200d${PART})+`, 'gu');

function unpile(text: string): string {
  return text.replace(PILE, '$1').replace(CHAIN, '$1');
}

/** Variation selector 16 after what can be an emoji (after a digit only for a keycap); no others: text style is what such characters have anyway. */
const STRAY_SELECTOR =
  /(?<![\p{Emoji}\p{Extended_Pictographic}])\ufe0f|(?<=[0-9#*])\ufe0f(?!\u20e3)|[\u180b-\u180d\ufe00-\ufe0e]|[\u{e0100}-\u{e01ef}]/gu;

/** An enclosing keycap encloses a digit, # or *. */
const STRAY_KEYCAP = /(?<![0-9#*]\ufe0f?)\u20e3/g;

const JOINING = `[${[
  'Arabic',
  'Syriac',
  'Mongolian',
  'Devanagari',
  'Bengali',
  'Gujarati',
  'Tamil',
  'Telugu',
  'Kannada',
  'Malayalam',
  'Sinhala',
]
  .map((script) => `\\p{Script=${script}}`)
  .join('')}]\\p{M}{0,${MOST_MARKS}}`;
const EMOJI = '\\p{Extended_Pictographic}[\\ufe0f\\p{EMod}]?';
/** Zero width joiner and non-joiner: after a letter of a script that joins, and the joiner between two emoji. */
const STRAY_JOINER = new RegExp(
  `(?<!${JOINING})(?:\\u200c|(?<!${EMOJI})\\u200d|\\u200d(?!\\p{Extended_Pictographic}))`,
  'gu',
);

function dropStrays(text: string): string {
  return text.replace(STRAY_SELECTOR, '').replace(STRAY_KEYCAP, '').replace(STRAY_JOINER, '');
}

/** Without blanks at the ends of lines and empty lines at the ends of the text. Not by patterns: they need quadratic time for 100,000 spaces. */
function trimLines(text: string): string {
  const lines = text.split('\n').map(trimBlanks);
  const first = lines.findIndex((line) => line !== '');
  const last = lines.findLastIndex((line) => line !== '');
  return lines.slice(Math.max(first, 0), last + 1).join('\n');
}

function trimBlanks(line: string): string {
  const isBlank = (unit: string | undefined) => unit === ' ' || unit === '\u3000';
  let [from, to] = [0, line.length];
  while (from < to && isBlank(line[from])) from++;
  while (to > from && isBlank(line[to - 1])) to--;
  return line.slice(from, to);
}
