/** A template description that is right, to be spoilt in one place at a time. */

import type { z } from 'zod';
import { type Template, templateSchema } from '../../src/template/format.js';

export type Description = z.input<typeof templateSchema>;

export function description(): Description {
  const style = () => ({ size: { min: 12, max: 40 } });
  return {
    format: 1,
    id: 'party',
    title: { en: 'Party', ko: '파티' },
    width: 640,
    height: 360,
    fps: '24',
    duration: 8,
    footage: [{ file: 'back.mp4' }, { role: 'hero' }],
    roles: [
      {
        id: 'hero',
        label: { en: 'Hero' },
        characters: [
          { id: 'bear', label: { en: 'Bear' }, layer: { file: 'bear.mp4', matte: 'below' } },
          { id: 'cat', label: { en: 'Cat' }, layer: { file: 'cat.mp4', matte: 'below' } },
        ],
      },
      { id: 'guest', label: { en: 'Guest' }, characters: [{ id: 'dog', label: { en: 'Dog' } }] },
    ],
    bubbles: [
      {
        id: 'hello',
        label: { en: 'Hello' },
        role: 'hero',
        start: 1,
        end: 3,
        shape: { kind: 'box', x: 40, y: 40, width: 200, height: 100 },
        style: style(),
        limits: { maxLength: 20, maxLines: 2, required: true },
        sample: { en: 'Hello there', ko: '안녕하세요' },
      },
      {
        id: 'bye',
        label: { en: 'Bye' },
        start: 4,
        end: 8,
        shape: {
          kind: 'polygon',
          points: [
            [400, 60],
            [600, 60],
            [600, 160],
            [400, 160],
          ],
        },
        style: style(),
        sample: { en: 'Bye' },
      },
    ],
    music: { file: 'music.m4a', fadeIn: 1, fadeOut: 2 },
    ladder: [
      { id: 'large', width: 640, height: 360 },
      { id: 'small', width: 176, height: 144, fps: '15', profile: 'baseline', level: '1b' },
    ],
    poster: { time: 2 },
  };
}

export const template = (): Template => templateSchema.parse(description());
