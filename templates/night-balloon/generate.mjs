/**
 * Night balloon: "thinking of you".
 *
 * A small balloon comes gliding through the night to somebody who sits on a cloud before the moon with a caught star. A word, a thought, an
 * invitation; a hop into the basket; the burner roars, they climb through the clouds, and above them the morning is waiting.
 *
 * story.mjs says who is where and when, sky.mjs paints the world, balloon.mjs, characters.mjs and bubbles.mjs what is in it, and this file
 * films the layers. Words are set below the balloon, in the calm part of an upright picture; envelope, moon and faces stay free.
 *
 *   node generate.mjs                       films every layer (needs ffmpeg)
 *   node generate.mjs cat                   films one of background, cat, owl, girl, dragon, front
 *   node generate.mjs --still 3.2 out.png [pilot friend]             one moment, all layers on top of each other
 *   node generate.mjs --sheet 7 8 12 out.png [pilot friend]          a contact sheet of 12 moments from 7 to 8 s
 */
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createCanvas } from '@napi-rs/canvas';
import { film } from '../studio/film.mjs';
import { drawBalloonBack, drawBasket } from './balloon.mjs';
import { drawBubbles } from './bubbles.mjs';
import { CAST, drawActor } from './characters.mjs';
import { drawCurtain, drawSky } from './sky.mjs';
import { FPS, HEIGHT, lerp, SECONDS, WIDTH } from './story.mjs';

/** Regions of the character layers (also in template.json). */
const REGIONS = {
  pilot: { x: 0, y: 380, width: 520, height: 480 },
  friend: { x: 150, y: 220, width: 570, height: 620 },
};

const actorLayer = (name) => {
  const { x, y, width, height } = REGIONS[CAST[name].role];
  return { x, y, width, height, matte: true, crf: 23, draw: (g, t) => drawActor(g, name, t, x, y, width, height) };
};
export const LAYERS = {
  background: {
    x: 0,
    y: 0,
    width: WIDTH,
    height: HEIGHT,
    crf: 21,
    draw: (g, t) => {
      drawSky(g, t);
      drawBalloonBack(g, t);
    },
  },
  ...Object.fromEntries(Object.keys(CAST).map((name) => [name, actorLayer(name)])),
  front: {
    x: 0,
    y: 0,
    width: WIDTH,
    height: HEIGHT,
    matte: true,
    crf: 14,
    draw: (g, t) => {
      drawBasket(g, t);
      drawCurtain(g, t);
      drawBubbles(g, t);
    },
  },
};

/** All layers of one moment on one canvas. */
export const compose = (t, pilot = 'cat', friend = 'girl') => {
  const canvas = createCanvas(WIDTH, HEIGHT);
  const g = canvas.getContext('2d');
  for (const name of ['background', pilot, friend, 'front']) {
    const { x, y, width, height, draw } = LAYERS[name];
    const layer = createCanvas(width, height);
    draw(layer.getContext('2d'), t);
    g.drawImage(layer, x, y);
  }
  return canvas;
};
const sheet = (from, to, count, pilot, friend) => {
  const columns = Math.min(count, 6);
  const [w, h] = [270, 480];
  const canvas = createCanvas(columns * w, Math.ceil(count / columns) * h);
  for (let i = 0; i < count; i++) {
    const t = count === 1 ? from : lerp(from, to, i / (count - 1));
    canvas
      .getContext('2d')
      .drawImage(
        compose(Math.round(t * FPS) / FPS, pilot, friend),
        (i % columns) * w,
        Math.floor(i / columns) * h,
        w,
        h,
      );
  }
  return canvas;
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [command, ...rest] = process.argv.slice(2);
  if (command === '--still') {
    const [t, out, ...cast] = rest;
    await writeFile(out, await compose(Number(t), ...cast).encode('png'));
  } else if (command === '--sheet') {
    const [from, to, count, out, ...cast] = rest;
    await writeFile(out, await sheet(Number(from), Number(to), Number(count), ...cast).encode('png'));
  } else {
    const folder = dirname(fileURLToPath(import.meta.url));
    for (const [name, { width, height, matte, crf, draw }] of Object.entries(LAYERS)) {
      if (command === undefined || command === name)
        await film({ out: join(folder, `${name}.mp4`), fps: FPS, seconds: SECONDS, width, height, matte, crf, draw });
    }
  }
}
