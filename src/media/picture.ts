/** Whole pictures with words in them: the poster of a job, and the contact sheet by which an operator judges a template. */

import { setImmediate as turn } from 'node:timers/promises';
import { type Canvas, type Image, loadImage, type SKRSContext2D } from '@napi-rs/canvas';
import { StoryfarmError } from '../errors.js';
import { drawOverlay, inkBox, type View } from '../scene/draw.js';
import type { TextLayout } from '../scene/layout.js';
import type { Overlay } from '../scene/scene.js';
import { contextOf } from './canvas.js';
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
 * A blank picture (file) with words, as a baseline JPEG of at most `maxBytes`; transparent places are black. Only the rows that words can reach are encoded: the others
 * are the blank picture's, remembered. Rejects with `too_large`.
 */
export async function drawJpeg(
  blank: string,
  words: readonly DrawnWords[],
  view: View,
  maxBytes: number,
): Promise<Buffer> {
  const image = await blankOf(blank);
  const { width, height } = image;
  const { first, rows } = inkedStrips(words, view, image);
  const inked = rasterOf(image, words, view, first * UNIT, rows);
  // Node frees the pixels of earlier posters only between turns.
  await turn();
  let size = 0;
  for (const quality of QUALITIES) {
    const strips = [...blankStrips(image, quality)];
    const drawn = encodeStrips(inked, quality);
    strips.splice(first, drawn.length, ...drawn);
    const jpeg = joinStrips(width, height, quality, strips);
    if (jpeg.length <= maxBytes) return jpeg;
    size = jpeg.length;
  }
  throw new StoryfarmError(
    'too_large',
    `The poster has ${size} bytes even at the lowest quality; at most ${maxBytes} are allowed.`,
  );
}

/** The strips that words can reach, from the first to the last, and how many rows they have. */
function inkedStrips(words: readonly DrawnWords[], view: View, image: Image): { first: number; rows: number } {
  const boxes = words.map(({ overlay }) => pixelBox(inkBox(overlay), view, image)).filter(({ height }) => height > 0);
  if (boxes.length === 0) return { first: 0, rows: 0 };
  const first = Math.floor(Math.min(...boxes.map(({ y }) => y)) / UNIT);
  const end = Math.ceil(Math.max(...boxes.map(({ y, height }) => y + height)) / UNIT);
  return { first, rows: Math.min(end * UNIT, image.height) - first * UNIT };
}

/** By blank picture and quality: every poster of a template has most of these. */
const remembered = new WeakMap<Image, Map<number, readonly Strip[]>>();

function blankStrips(image: Image, quality: number): readonly Strip[] {
  const byQuality = remembered.get(image) ?? new Map<number, readonly Strip[]>();
  remembered.set(image, byQuality);
  const strips = byQuality.get(quality) ?? encodeStrips(rasterOf(image, [], PLAIN, 0, image.height), quality);
  byQuality.set(quality, strips);
  return strips;
}

const PLAIN: View = { scaleX: 1, scaleY: 1, dx: 0, dy: 0 };

/** The canvas of the last poster's inked rows. */
let inkedRows: SKRSContext2D | undefined;

/** Some rows of a picture with words. */
function rasterOf(image: Image, words: readonly DrawnWords[], view: View, top: number, height: number): Raster {
  const { width } = image;
  if (height === 0) return { width, height, rgba: new Uint8Array(0) };
  if (inkedRows?.canvas.width !== width || inkedRows.canvas.height !== height) inkedRows = contextOf(width, height);
  const ctx = inkedRows;
  ctx.fillStyle = '#000000';
  ctx.fillRect(0, 0, width, height);
  ctx.drawImage(image, 0, -top);
  for (const { overlay, layout } of words) drawOverlay(ctx, overlay, layout, { ...view, dy: view.dy - top });
  const { data } = ctx.getImageData(0, 0, width, height);
  return { width, height, rgba: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) };
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
  const image = blanks.get(file) ?? loadImage(file);
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
