/**
 * What people type, made safe to lay out. The same function runs in the page, the API and the renderer.
 *
 * Problem: text can be built to hang a segmenter (it needs quadratic memory), to stack marks over the whole picture, to turn the direction of
 * what follows, or to hold characters that nothing draws; and honest text arrives with the rests of wherever it was copied from.
 *
 * Solution: two kinds of things are taken out. Silently, what nobody misses: other forms of line ends and spaces, decomposed letters, soft
 * hyphens, byte order marks, direction marks, joiners and variation selectors where they join or select nothing. With a complaint, what
 * somebody put there: control characters, directional overrides and isolates, private use, unassigned code points, halves of surrogate pairs,
 * stacks of marks, overlong text. The API refuses text that has complaints; the editor goes on with the cleaned text and says what it dropped.
 *
 * What it does not do: count characters (request.ts) or look at fonts.
 */

export interface Objection {
  readonly code: 'control_characters' | 'words_too_long';
  readonly detail: string;
}

export interface Sanitised {
  /** Always safe to segment, lay out and draw: well-formed, NFC, `\n` between lines, no spaces at the ends of lines. */
  readonly text: string;
  /** What was taken out that somebody put there, one entry for each kind; empty for honest text. */
  readonly removed: readonly Objection[];
}

/** Most combining marks on one base; Vietnamese needs 2, pointed Hebrew 3, Arabic 3. */
const MOST_MARKS = 4;
/** Most parts of one joined emoji: a couple with hearts and two skin tones has 4, a family 4. */
const MOST_JOINED = 5;

/** Cuts `text` to `maxUnits` UTF-16 units before anything else, so that the time is bounded, and cleans the rest. Never throws. */
export function sanitise(text: string, maxUnits: number): Sanitised {
  const removed: Objection[] = [];
  if (text.length > maxUnits) {
    removed.push({ code: 'words_too_long', detail: `${text.length} UTF-16 units; at most ${maxUnits} are read.` });
  }
  let clean = normaliseSpaces(text.slice(0, maxUnits).replace(/[\ud800-\udbff]$/, text.length > maxUnits ? '' : '$&'));
  for (const { what, pattern, keep } of REFUSED) {
    const before = clean;
    clean = clean.replace(pattern, keep ?? '');
    if (clean !== before) removed.push({ code: 'control_characters', detail: what });
  }
  clean = clean.normalize('NFC');
  const unpiled = clean.replace(PILE, '$1').replace(CHAIN, '$1');
  if (unpiled !== clean) {
    removed.push({ code: 'control_characters', detail: `More than ${MOST_MARKS} marks or ${MOST_JOINED} joined parts on one character.` });
  }
  return { text: dropStrays(unpiled), removed };
}

/** Line ends of all systems become \n, all spaces but the ideographic and the no-break one become U+0020. */
function normaliseSpaces(text: string): string {
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
  // eslint-like rules warn of control characters in patterns; here they are the point.
  { what: 'A control character.', pattern: /(?!\n)\p{Cc}/gu },
  { what: 'A directional override, embedding or isolate.', pattern: /[\u202a-\u202e\u2066-\u2069]/g },
  { what: 'A private-use character.', pattern: /\p{Co}/gu },
  // Reserved emoji are kept: an emoji newer than this engine may well be in the fonts.
  { what: 'An unassigned code point.', pattern: /(?!\p{Extended_Pictographic})\p{Cn}/gu },
  // Tags spell the names of flags such as Scotland's; anywhere else they are hidden text.
  { what: 'A hidden tag character.', pattern: /(\u{1f3f4}[\u{e0030}-\u{e007a}]{1,6}\u{e007f})|[\u{e0000}-\u{e007f}]/gu, keep: '$1' },
  { what: 'An annotation character.', pattern: /[\ufff9-\ufffb]/g },
];

const MARK = '(?![\\ufe0e\\ufe0f\\u20e3])\\p{M}';
const PILE = new RegExp(`((?:${MARK}){${MOST_MARKS}})(?:${MARK})+`, 'gu');
const CHAIN = new RegExp(`((?:[^\\u200d]\\ufe0f?\\p{EMod}?\\u200d){${MOST_JOINED - 1}}[^\\u200d]\\ufe0f?\\p{EMod}?)(?:\\u200d[^\\u200d]\\ufe0f?\\p{EMod}?)+`, 'gu');

const JOINING = '[\\p{Script=Arabic}\\p{Script=Syriac}\\p{Script=Mongolian}\\p{Script=Devanagari}\\p{Script=Bengali}\\p{Script=Tamil}\\p{Script=Telugu}\\p{Script=Kannada}\\p{Script=Malayalam}\\p{Script=Sinhala}]';
/** Zero width joiner and non-joiner: between emoji, or after a letter (and its marks) of a script that joins. */
const STRAY_JOINER = new RegExp(
  `(?<!\\p{Extended_Pictographic}[\\ufe0f\\p{EMod}]?)(?<!${JOINING}\\p{M}{0,${MOST_MARKS}})[\\u200c\\u200d]|(?<=\\p{Extended_Pictographic}[\\ufe0f\\p{EMod}]?)(?:\\u200c|\\u200d(?!\\p{Extended_Pictographic}))`,
  'gu',
);
/** Variation selectors: 15 and 16 after what can be an emoji; no others. */
const STRAY_SELECTOR = /(?<![\p{Emoji}\p{Extended_Pictographic}])[\ufe0e\ufe0f]|(?<=[0-9#*])[\ufe0e\ufe0f](?!\u20e3)|[\ufe00-\ufe0d\u{e0100}-\u{e01ef}\u180b-\u180d]/gu;
/** An enclosing keycap encloses a digit, # or *. */
const STRAY_KEYCAP = /(?<![0-9#*]\ufe0f?)\u20e3/g;

function dropStrays(text: string): string {
  return text
    .replace(STRAY_SELECTOR, '')
    .replace(STRAY_KEYCAP, '')
    .replace(STRAY_JOINER, '')
    .replace(/[ \u3000]+$/gm, '')
    .replace(/^[ \u3000]+/gm, '')
    .replace(/^\n+|\n+$/g, '');
}
