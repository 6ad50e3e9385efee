/** The description that `storyfarm templates new` writes: a working template around any MP4, with three bubbles to move into place. Pure. */

import type { z } from 'zod';
import type { templateSchema } from '../template/format.js';
import { fpsOf } from '../template/fps.js';
import { beyondLevel } from '../template/levels.js';

export interface FootageFacts {
  /** Path inside the template folder. */
  readonly file: string;
  readonly width: number;
  readonly height: number;
  /** Frames per second as measured. */
  readonly fps: number;
  /** Seconds. */
  readonly duration: number;
  readonly sound: boolean;
}

/** Longest template that is proposed, in seconds; the format takes up to 120. */
const LONGEST = 30;
/** Longest side of a design that the format takes. */
const LARGEST = 3840;
/** Rates that a measured one is taken for when it is within half a percent; a film that is faster than the last gives only every second frame, and so on. */
const RATES = ['12', '15', '23.976', '24', '25', '29.97', '30', '48', '50', '59.94', '60'];
/** Longest sides of the ladder for a design of 1280 or more; a smaller design has the same proportions. */
const SIDES = { large: 1280, medium: 854, small: 640 };
/** The format's default; and what square and nearly square films of 60 frames a second need. */
const [USUAL_LEVEL, HIGHER_LEVEL] = ['4.0', '4.2'];

const SAMPLES: readonly { en: string; ko: string }[] = [
  { en: 'Hello, you!', ko: '안녕, 잘 지내?' },
  { en: 'I was just thinking of you.', ko: '문득 네 생각이 났어.' },
  { en: 'See you soon!', ko: '곧 만나자!' },
];

export function scaffold(id: string, footage: FootageFacts): z.input<typeof templateSchema> {
  const fps = rateOf(footage.fps);
  const rate = fpsOf(fps).value;
  const duration = Math.floor(Math.min(LONGEST, footage.duration) * rate + 1e-6) / rate;
  const { width, height } = within(footage.width, footage.height, LARGEST);
  const longest = Math.min(SIDES.large, Math.max(width, height));
  const rendition = (side: number) => {
    const size = within(width, height, (side / SIDES.large) * longest);
    const isFast = beyondLevel(USUAL_LEVEL, size.width, size.height, rate) !== undefined;
    return isFast ? { ...size, level: HIGHER_LEVEL } : size;
  };
  const seconds = (share: number) => Math.round(duration * share * 100) / 100;
  const bubble = (n: number) => ({
    id: ['hello', 'middle', 'bye'][n] ?? `bubble-${n}`,
    label: { en: ['Hello', 'Middle', 'Goodbye'][n] ?? '', ko: ['인사', '하고 싶은 말', '마무리'][n] ?? '' },
    start: seconds(0.05 + n * 0.32),
    end: seconds(0.05 + n * 0.32 + 0.26),
    shape: {
      kind: 'box' as const,
      x: Math.round(width * 0.15),
      y: Math.round(height * (0.12 + 0.26 * n)),
      width: Math.round(width * 0.7),
      height: Math.round(height * 0.2),
      radius: Math.round(height * 0.04),
    },
    style: {
      size: { min: Math.max(6, Math.round(height * 0.03)), max: Math.max(8, Math.round(height * 0.075)) },
      colour: '#ffffff',
      stroke: { colour: '#000000aa', width: Math.max(2, Math.round(height / 150)) },
    },
    sample: SAMPLES[n] ?? { en: 'Words' },
  });
  return {
    format: 1,
    id,
    title: { en: titleOf(id) },
    width,
    height,
    fps,
    duration: Math.round(duration * 1e6) / 1e6,
    footage: [{ file: footage.file }],
    bubbles: [bubble(0), bubble(1), bubble(2)],
    ...(footage.sound ? { music: { file: footage.file, fadeOut: 0.5 } } : {}),
    ladder: [
      { id: 'large', ...rendition(SIDES.large) },
      { id: 'medium', ...rendition(SIDES.medium) },
      { id: 'small', ...rendition(SIDES.small), audio: { bitrate: 64 } },
    ],
    poster: { time: seconds(0.1) },
  };
}

/** The usual rate that is nearest to a measured one, if one is near. */
function rateOf(measured: number): string {
  const limit = Number(RATES.at(-1)) * 1.005;
  const rate = measured / 2 ** Math.max(0, Math.ceil(Math.log2(measured / limit)));
  const distance = (usual: string) => Math.abs(rate / Number(usual) - 1);
  const nearest = RATES.reduce((a, b) => (distance(b) < distance(a) ? b : a));
  return distance(nearest) < 0.005 ? nearest : String(Math.max(1, Math.round(rate)));
}

const even = (pixels: number) => Math.max(16, Math.floor(pixels / 2) * 2);

function titleOf(id: string): string {
  return id
    .split('-')
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join(' ');
}

/** A size, scaled so that its longer side is at most `longest`, in even pixels. */
function within(width: number, height: number, longest: number): { width: number; height: number } {
  const scale = Math.min(1, longest / Math.max(width, height));
  return { width: even(width * scale), height: even(height * scale) };
}
