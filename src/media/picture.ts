/** Whole pictures with words in them: the poster of a job, and the contact sheet by which an operator judges a template. */

import { setImmediate as turn } from 'node:timers/promises';
import type { Canvas, Image, SKRSContext2D } from '@napi-rs/canvas';
import { StoryfarmError } from '../errors.js';
import { drawOverlay, inkBox, type View } from '../scene/draw.js';
import type { TextLayout } from '../scene/layout.js';
import type { Box, Overlay } from '../scene/scene.js';
import { canvas, contextOf } from './canvas.js';
import { encodeStrips, type Strip } from './jpeg/encode.js';
import { joinStrips } from './jpeg/join.js';
import { type Raster, UNIT } from './jpeg/unit.js';
import { pixelBox } from './ladder.js';

export interface DrawnWords {
  readonly overlay: Overlay;
  readonly layout: TextLayout;
}

/** Qualities tried in turn until a JPEG fits its cap. */
const QUALITIES = [90, 82, 74, 66, 56, 46, 36, 26];

/**
 * A blank picture (file) with words, as a baseline JPEG of at most `maxBytes`; transparent places are black. Only the strips that words can reach are encoded: the
 * others are the blank picture's, remembered. Rejects with `too_large`.
 */
export async function drawJpeg(
  blank: string,
  words: readonly DrawnWords[],
  view: View,
  maxBytes: number,
): Promise<Buffer> {
  const image = await blankOf(blank);
  if (!seen.has(image)) {
    seen.add(image);
    return drawWhole(image, words, view, maxBytes);
  }
  // From here on in one go: the canvas and the rows are used again.
  const poster = posterOf(image);
  const { first, rows } = inkedRows(poster.blank, image, words, view);
  let jpeg: Buffer = Buffer.alloc(0);
  for (const quality of QUALITIES) {
    const strips = [...blankStrips(poster, quality)];
    const drawn = encodeStrips(rows, quality);
    strips.splice(first, drawn.length, ...drawn);
    jpeg = joinStrips(image.width, image.height, quality, strips);
    if (jpeg.length <= maxBytes) break;
  }
  // Node frees the pixels that were read only between turns.
  await turn();
  if (jpeg.length <= maxBytes) return jpeg;
  throw tooLarge(jpeg, maxBytes);
}

/** Blank pictures that had a poster in this process. The first is left to the canvas: encoding all strips of a blank pays from the second on. */
const seen = new WeakSet<Image>();

async function drawWhole(image: Image, words: readonly DrawnWords[], view: View, maxBytes: number): Promise<Buffer> {
  const picture = painted(image, words, view);
  let jpeg: Buffer = Buffer.alloc(0);
  for (const quality of QUALITIES) {
    jpeg = await picture.encode('jpeg', quality);
    if (jpeg.length <= maxBytes) return jpeg;
  }
  throw tooLarge(jpeg, maxBytes);
}

function tooLarge({ length }: Buffer, maxBytes: number): StoryfarmError {
  return new StoryfarmError(
    'too_large',
    `The poster has ${length} bytes even at the lowest quality; at most ${maxBytes} are allowed.`,
  );
}

interface Poster {
  readonly blank: Raster;
  /** By quality. */
  readonly strips: Map<number, readonly Strip[]>;
}

/** What is remembered of a blank picture, as long as it is. */
const posters = new WeakMap<Image, Poster>();

function posterOf(image: Image): Poster {
  const known = posters.get(image);
  if (known) return known;
  const { width, height } = image;
  const rgba = readBox(contextOf(width, height), image, [], PLAIN, { x: 0, y: 0, width, height });
  const poster: Poster = { blank: { width, height, rgba }, strips: new Map() };
  posters.set(image, poster);
  return poster;
}

function blankStrips({ blank, strips }: Poster, quality: number): readonly Strip[] {
  const encoded = strips.get(quality) ?? encodeStrips(blank, quality);
  strips.set(quality, encoded);
  return encoded;
}

const PLAIN: View = { scaleX: 1, scaleY: 1, dx: 0, dy: 0 };

/** The last poster's canvas, as large as its ink, and the strips around it: reading back costs most, so that it is done for the ink's box alone. */
let ink: SKRSContext2D | undefined;
let around = new Uint8Array(0);

/** The rows of the strips that words can reach, from the first to the last; `first` counts strips. They are good until the next call. */
function inkedRows(
  blank: Raster,
  image: Image,
  words: readonly DrawnWords[],
  view: View,
): { first: number; rows: Raster } {
  const { width } = blank;
  const box = inkedBox(words, view, blank);
  if (!box) return { first: 0, rows: { width, height: 0, rgba: around } };
  if (ink?.canvas.width !== box.width || ink.canvas.height !== box.height) ink = contextOf(box.width, box.height);
  const pixels = readBox(ink, image, words, view, box);
  const first = Math.floor(box.y / UNIT);
  const top = first * UNIT;
  const end = Math.min(blank.height, Math.ceil((box.y + box.height) / UNIT) * UNIT);
  if (around.length < 4 * width * (end - top)) around = new Uint8Array(4 * width * (end - top));
  around.set(blank.rgba.subarray(4 * width * top, 4 * width * end));
  for (let y = 0; y < box.height; y++)
    around.set(pixels.subarray(4 * box.width * y, 4 * box.width * (y + 1)), 4 * (width * (box.y + y - top) + box.x));
  return { first, rows: { width, height: end - top, rgba: around } };
}

/** The smallest box around all ink. */
function inkedBox(words: readonly DrawnWords[], view: View, frame: Raster): Box | undefined {
  const boxes = words
    .map(({ overlay }) => pixelBox(inkBox(overlay), view, frame))
    .filter(({ width, height }) => width > 0 && height > 0);
  if (boxes.length === 0) return undefined;
  const x = Math.min(...boxes.map((box) => box.x));
  const y = Math.min(...boxes.map((box) => box.y));
  const right = Math.max(...boxes.map((box) => box.x + box.width));
  const bottom = Math.max(...boxes.map((box) => box.y + box.height));
  return { x, y, width: right - x, height: bottom - y };
}

/** The pixels of one box of a picture with words, drawn over black on a canvas of the box's size. */
function readBox(
  ctx: SKRSContext2D,
  image: Image,
  words: readonly DrawnWords[],
  view: View,
  { x, y, width, height }: Box,
): Uint8Array {
  ctx.fillStyle = '#000000';
  ctx.fillRect(0, 0, width, height);
  ctx.drawImage(image, -x, -y);
  for (const { overlay, layout } of words)
    drawOverlay(ctx, overlay, layout, { ...view, dx: view.dx - x, dy: view.dy - y });
  const { data } = ctx.getImageData(0, 0, width, height);
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

export interface SheetFrame extends Omit<DrawnFrame, 'words'> {
  readonly caption: string;
  readonly words: readonly DrawnWords[];
}

interface DrawnFrame {
  readonly blank: string;
  readonly words: readonly DrawnWords[];
  readonly view: View;
}

/** Width of one picture on a contact sheet, and of what lies between, in pixels. */
const CELL = 480;
const GAP = 16;
const CAPTION = 30;

/** A PNG of frames side by side with captions, at most `columns` in a row. `family` is the CSS family of the captions. */
export async function drawSheet(frames: readonly SheetFrame[], columns: number, family: string): Promise<Buffer> {
  const pictures = await Promise.all(
    frames.map(async ({ blank, words, view }) => painted(await blankOf(blank), words, view)),
  );
  const height = Math.max(...pictures.map((picture) => Math.round((CELL * picture.height) / picture.width)));
  const across = Math.min(columns, frames.length);
  const down = Math.ceil(frames.length / across);
  const ctx = contextOf(GAP + across * (CELL + GAP), GAP + down * (height + CAPTION + GAP));
  const sheet = ctx.canvas;
  ctx.fillStyle = '#f4f1ec';
  ctx.fillRect(0, 0, sheet.width, sheet.height);
  ctx.fillStyle = '#3a3632';
  ctx.font = `17px ${family}`;
  pictures.forEach((picture, index) => {
    const x = GAP + (index % across) * (CELL + GAP);
    const y = GAP + Math.floor(index / across) * (height + CAPTION + GAP);
    ctx.drawImage(picture, x, y, CELL, Math.round((CELL * picture.height) / picture.width));
    ctx.fillText(frames[index]?.caption ?? '', x + 2, y + height + 21);
  });
  return sheet.encode('png');
}

/** Blank pictures as they were decoded, the last used last: a renderer draws on the same few. */
const blanks = new Map<string, Promise<Image>>();
const MOST_BLANKS = 4;

function blankOf(file: string): Promise<Image> {
  const image = blanks.get(file) ?? canvas.loadImage(file);
  blanks.delete(file);
  blanks.set(file, image);
  image.catch(() => blanks.delete(file));
  const [oldest] = blanks.keys();
  if (blanks.size > MOST_BLANKS && oldest !== undefined) blanks.delete(oldest);
  return image;
}

/** The whole picture with words, over black. */
function painted(image: Image, words: readonly DrawnWords[], view: View): Canvas {
  const ctx = contextOf(image.width, image.height);
  ctx.fillStyle = '#000000';
  ctx.fillRect(0, 0, image.width, image.height);
  ctx.drawImage(image, 0, 0);
  for (const { overlay, layout } of words) drawOverlay(ctx, overlay, layout, view);
  return ctx.canvas;
}
