/**
 * Real Chromium, driven by playwright-core: plays files in a page and gives back what it shows.
 *
 * The files are served by the product's own files server; the page is put in beside them, since a canvas gives no pixels of a video of another origin. playwright-core
 * brings no browser: the system's is used. Where either is missing, `findChromium` says why, and tests are skipped.
 */

import { accessSync, constants } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';

/** What is used of playwright-core. */
interface Playwright {
  readonly chromium: {
    launch(options: { executablePath: string; args: string[]; headless: boolean }): Promise<{
      newPage(): Promise<Page>;
      close(): Promise<void>;
    }>;
  };
}
interface Page {
  route(url: string, answer: (route: { fulfill(with_: object): Promise<void> }) => Promise<void>): Promise<void>;
  goto(url: string): Promise<unknown>;
  evaluate(expression: string): Promise<unknown>;
}

const PROGRAMS = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const QUIET = ['quic', 'background-networking', 'component-update', 'sync'].map((what) => `--disable-${what}`);

export interface Chromium {
  readonly program: string;
  readonly playwright: Playwright;
}

/** The browser and its driver, or why there is none. */
export function findChromium(): Chromium | string {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  const program = folders.flatMap((folder) => PROGRAMS.map((name) => join(folder, name))).find(isProgram);
  if (!program) return 'Chromium is not installed (apt-get install chromium)';
  try {
    return { program, playwright: createRequire(import.meta.url)('playwright-core') as Playwright };
  } catch {
    return 'playwright-core is not installed (npm install)';
  }
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly rgb: Buffer;
  /** Seconds from the beginning at which the file shows it. */
  readonly time: number;
}

export interface Player {
  /** What is shown `seconds` after the beginning. */
  seek(seconds: number): Promise<Picture>;
  /** Plays from the beginning to the end, `rate` times as fast, and answers how many seconds that was by the file's own clock. Rejects with what the player says. */
  play(rate: number): Promise<number>;
}

export interface Browser {
  /** Rejects with what the player says when it cannot. */
  open(url: string): Promise<Player>;
  close(): Promise<void>;
}

/** `site` is the origin that serves the files. */
export async function openBrowser({ program, playwright }: Chromium, site: string): Promise<Browser> {
  const args = ['--no-sandbox', '--disable-gpu', ...QUIET];
  const browser = await playwright.chromium.launch({ executablePath: program, args, headless: true });
  const page = await browser.newPage();
  await page.route(`${site}/player`, (route) => route.fulfill({ contentType: 'text/html', body: PAGE }));
  await page.goto(`${site}/player`);
  const call = (name: string, argument: unknown) => page.evaluate(`${name}(${JSON.stringify(argument)})`);
  return {
    close: () => browser.close(),
    async open(url) {
      await call('load', url);
      return {
        play: (rate) => call('play', rate) as Promise<number>,
        async seek(seconds) {
          const told = (await call('seek', seconds)) as Omit<Picture, 'rgb'> & { readonly pixels: string };
          const rgba = Buffer.from(told.pixels, 'base64');
          const rgb = Buffer.alloc((rgba.length / 4) * 3);
          for (let from = 0, to = 0; from < rgba.length; from += 4, to += 3) rgba.copy(rgb, to, from, from + 3);
          return { width: told.width, height: told.height, time: told.time, rgb };
        },
      };
    },
  };
}

/** Milliseconds after which a player that neither does what it should nor fails is given up. */
const STALL_MS = 60_000;

/** What runs in the page. A frame is good when the player says both that it has sought and that it shows a new one. */
const PAGE = `<!doctype html><body style="margin:0"><video muted playsinline preload="auto"></video><script>
const video = document.querySelector('video');
const canvas = document.createElement('canvas');
let watchdog;
const failed = () => new Promise((_, reject) => {
  video.addEventListener('error', () => reject(new Error('the player says: ' + video.error?.message)), { once: true });
  clearTimeout(watchdog);
  watchdog = setTimeout(() => reject(new Error('the player stands still')), ${STALL_MS});
});
const event = (name) => new Promise((resolve) => video.addEventListener(name, resolve, { once: true }));
const shown = () => new Promise((resolve) => video.requestVideoFrameCallback((_, { mediaTime }) => resolve(mediaTime)));
async function load(url) {
  const loaded = Promise.race([Promise.all([event('loadeddata'), shown()]), failed()]);
  video.src = url;
  await loaded;
}
async function seek(seconds) {
  const sought = Promise.race([Promise.all([shown(), event('seeked')]), failed()]);
  video.currentTime = seconds;
  const [time] = await sought;
  const { videoWidth: width, videoHeight: height } = video;
  Object.assign(canvas, { width, height });
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context.drawImage(video, 0, 0);
  const { data } = context.getImageData(0, 0, width, height);
  let text = '';
  for (let at = 0; at < data.length; at += 8192) text += String.fromCharCode(...data.subarray(at, at + 8192));
  return { width, height, time, pixels: btoa(text) };
}
async function play(rate) {
  const ended = Promise.race([event('ended'), failed()]);
  video.currentTime = 0;
  video.playbackRate = rate;
  await video.play();
  await ended;
  return video.currentTime;
}
</script>`;
