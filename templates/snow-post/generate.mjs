/**
 * Snow Post: a letter comes to a small village at blue hour.
 *
 * Films the layers of the template. Each actor is a layer of its own, cropped to where that role ever is; the front layer holds the
 * snow before the lens, the letter with its wonder, and the empty bubbles, which are opaque and stand still while there are words.
 *
 *   node generate.mjs                 films everything
 *   node generate.mjs postie-bear     films one layer
 *   node generate.mjs --still 3.2 out.png [bear fox]      draws one moment without filming
 */
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { createCanvas } from '@napi-rs/canvas';
import { film } from '../studio/film.mjs';
import { front } from './front.mjs';
import { bear, reindeer } from './postie.mjs';
import { penguin, squirrel } from './receiver.mjs';
import { FPS, HEIGHT, SECONDS, WIDTH } from './story.mjs';
import { village } from './village.mjs';

const whole = { x: 0, y: 0, width: WIDTH, height: HEIGHT };
const left = { x: 0, y: 150, width: 344, height: 330 };
const right = { x: 384, y: 150, width: 256, height: 330 };

export const LAYERS = {
  background: { ...whole, matte: false, crf: 22, draw: village },
  'postie-bear': { ...left, matte: true, crf: 20, draw: bear },
  'postie-reindeer': { ...left, matte: true, crf: 20, draw: reindeer },
  'receiver-squirrel': { ...right, matte: true, crf: 20, draw: squirrel },
  'receiver-penguin': { ...right, matte: true, crf: 20, draw: penguin },
  front: { ...whole, matte: true, crf: 12, draw: front },
};

/** Draws one layer on a canvas of its own size, as the camera sees it. */
export function drawLayer(ctx, { x, y, draw }, t) {
  ctx.translate(-x, -y);
  draw(ctx, t);
}

/** The finished picture at `t`, layer upon layer. */
export function still(t, cast = ['bear', 'squirrel']) {
  const picture = createCanvas(WIDTH, HEIGHT);
  const ctx = picture.getContext('2d');
  for (const name of ['background', `postie-${cast[0]}`, `receiver-${cast[1]}`, 'front']) {
    const layer = LAYERS[name];
    const sheet = createCanvas(layer.width, layer.height);
    drawLayer(sheet.getContext('2d'), layer, t);
    ctx.drawImage(sheet, layer.x, layer.y);
  }
  return picture;
}

async function main([first, ...rest]) {
  if (first === '--still') {
    const [time, out, postie = 'bear', receiver = 'squirrel'] = rest;
    await writeFile(out, still(Number(time), [postie, receiver]).toBuffer('image/png'));
    return;
  }
  for (const [name, layer] of Object.entries(LAYERS)) {
    if (first && first !== name) continue;
    const { width, height, matte, crf } = layer;
    const out = fileURLToPath(new URL(`${name}.mp4`, import.meta.url));
    await film({
      out,
      width,
      height,
      fps: FPS,
      seconds: SECONDS,
      matte,
      crf,
      draw: (ctx, t) => drawLayer(ctx, layer, t),
    });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv.slice(2));
