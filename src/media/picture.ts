/** Whole pictures with words in them: the poster of a job, and the contact sheet by which an operator judges a template. */

import type { Canvas, Image, SKRSContext2D } from '@napi-rs/canvas';
import { StoryfarmError } from '../errors.js';
import { drawOverlay, type View } from '../scene/draw.js';
import type { TextLayout } from '../scene/layout.js';
import type { Overlay } from '../scene/scene.js';
import { canvas, contextOf } from './canvas.js';

export interface DrawnWords {
  readonly overlay: Overlay;
  readonly layout: TextLayout;
}

/** Qualities tried in turn until a JPEG fits its cap. */
const QUALITIES = [90, 82, 74, 66, 56, 46, 36, 26];

/** The canvas of the last poster. */
let poster: SKRSContext2D | undefined;

/** A blank picture (file) with words, as a baseline JPEG of at most `maxBytes`. Rejects with `too_large`. */
export async function drawJpeg(
  blank: string,
  words: readonly DrawnWords[],
  view: View,
  maxBytes: number,
): Promise<Buffer> {
  const image = await blankOf(blank);
  // From here on in one go: the canvas is used again.
  if (poster?.canvas.width !== image.width || poster.canvas.height !== image.height)
    poster = contextOf(image.width, image.height);
  paintOn(poster, image, words, view);
  let jpeg: Buffer = Buffer.alloc(0);
  for (const quality of QUALITIES) {
    jpeg = poster.canvas.encodeSync('jpeg', quality);
    if (jpeg.length <= maxBytes) return jpeg;
  }
  throw new StoryfarmError(
    'too_large',
    `The poster has ${jpeg.length} bytes even at the lowest quality; at most ${maxBytes} are allowed.`,
  );
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
  const pictures = await Promise.all(frames.map(({ blank, words, view }) => paint(blank, words, view)));
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

async function paint(blank: string, words: readonly DrawnWords[], view: View): Promise<Canvas> {
  const image = await blankOf(blank);
  const ctx = contextOf(image.width, image.height);
  paintOn(ctx, image, words, view);
  return ctx.canvas;
}

function paintOn(ctx: SKRSContext2D, image: Image, words: readonly DrawnWords[], view: View): void {
  ctx.drawImage(image, 0, 0);
  for (const { overlay, layout } of words) drawOverlay(ctx, overlay, layout, view);
}
