/**
 * The camera of the sample templates: draws frames with Canvas 2D and hands them to ffmpeg.
 *
 * A layer with a matte is written twice as high as it is: colour (premultiplied by alpha) above, alpha as grey below, because H.264 has no
 * transparency of its own. media/prepare puts the two together again.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { setImmediate as breathe } from 'node:timers/promises';
import { createCanvas } from '@napi-rs/canvas';

/**
 * Films one layer.
 * @param {object} shot
 * @param {string} shot.out path of the MP4 to write
 * @param {number} shot.width pixels, even
 * @param {number} shot.height pixels, even
 * @param {number} shot.fps frames per second
 * @param {number} shot.seconds length
 * @param {boolean} [shot.matte] transparent layer with its matte below
 * @param {number} [shot.crf] x264 quality, default 18
 * @param {(ctx: import('@napi-rs/canvas').SKRSContext2D, t: number, frame: number) => void} shot.draw draws the moment `t` (seconds) on a cleared canvas
 */
export async function film({ out, width, height, fps, seconds, matte = false, crf = 18, draw }) {
  const frames = Math.round(seconds * fps);
  const canvas = createCanvas(width, height);
  const ctx = canvas.getContext('2d');
  const pack = '[0:v]split[a][b];[a]format=rgb0,format=rgb24[c];[b]alphaextract,format=rgb24[m];[c][m]vstack,';
  const filter = `${matte ? pack : '[0:v]format=rgb24,'}scale=out_color_matrix=bt709:out_range=tv,format=yuv420p[v]`;
  const ffmpeg = spawn(
    process.env.STORYFARM_FFMPEG_PATH ?? 'ffmpeg',
    [
      '-y',
      '-v',
      'error',
      '-f',
      'rawvideo',
      '-pix_fmt',
      'rgba',
      '-s',
      `${width}x${height}`,
      '-r',
      `${fps}`,
      '-i',
      'pipe:0',
      '-filter_complex',
      filter,
      '-map',
      '[v]',
      '-c:v',
      'libx264',
      '-preset',
      'slower',
      '-tune',
      'animation',
      '-crf',
      `${crf}`,
      '-colorspace',
      'bt709',
      '-color_primaries',
      'bt709',
      '-color_trc',
      'bt709',
      '-color_range',
      'tv',
      '-movflags',
      '+faststart',
      out,
    ],
    { stdio: ['pipe', 'inherit', 'inherit'] },
  );
  const ended = once(ffmpeg, 'close');
  for (let frame = 0; frame < frames; frame++) {
    ctx.reset();
    draw(ctx, frame / fps, frame);
    if (!ffmpeg.stdin.write(Buffer.from(canvas.data()))) await once(ffmpeg.stdin, 'drain');
    await breathe(); // Node frees the pixel buffers of the canvas here.
    if (frame % 48 === 0) process.stderr.write(`\r${out} ${Math.round((100 * frame) / frames)} %   `);
  }
  ffmpeg.stdin.end();
  const [code] = await ended;
  process.stderr.write(`\r${out} done     \n`);
  if (code !== 0) {
    await rm(out, { force: true });
    throw new Error(`ffmpeg ended with ${code} on ${out}`);
  }
}
