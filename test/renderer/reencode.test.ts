import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadTemplate } from '../../src/media/install/catalog.js';
import { USUAL_QUALITY } from '../../src/media/ladder.js';
import { reencodeCommand } from '../../src/renderer/reencode.js';
import type { Rendition } from '../../src/template/format.js';
import { tinyFolder } from '../fixtures/tiny.js';

const { template } = await loadTemplate(tinyFolder);
const [large, , small] = template.ladder as [Rendition, Rendition, Rendition];

test('two renditions are one command: footage, words in their windows, sound copied', () => {
  const overlay = {
    file: '/p/large-0.rgba',
    box: { x: 44, y: 34, width: 132, height: 62 },
    window: { from: 10, to: 30 },
  };
  const command = reencodeCommand(template, [
    {
      rendition: large,
      footage: '/e/large.mp4',
      audio: '/e/a.m4a',
      overlays: [overlay],
      quality: USUAL_QUALITY,
      out: '/p/large.mp4',
    },
    {
      rendition: small,
      footage: '/e/small.mp4',
      audio: undefined,
      overlays: [],
      quality: { crf: 29 },
      out: '/p/small.mp4',
    },
  ]);
  assert.deepEqual(command, {
    inputs: [
      { options: [], source: '/e/large.mp4' },
      {
        options: ['-f', 'rawvideo', '-pixel_format', 'rgba', '-video_size', '132x62', '-framerate', '25/1'],
        source: '/p/large-0.rgba',
      },
      { options: [], source: '/e/a.m4a' },
      { options: [], source: '/e/small.mp4' },
    ],
    filter: [
      '[1:v]scale=out_color_matrix=smpte170m:out_range=tv,format=yuva420p[w0x0]',
      "[0:v][w0x0]overlay=x=44:y=34:eof_action=repeat:enable='between(n,10,29)'[p0x0]",
      '[p0x0]format=yuv420p[v0]',
      '[3:v]format=yuv420p[v1]',
    ].join(';'),
    outputs: [
      {
        options: [
          ...[
            '-map',
            '[v0]',
            '-map',
            '2:a',
            '-c:a',
            'copy',
            '-c:v',
            'libx264',
            '-preset',
            'medium',
            '-crf',
            '23',
            '-maxrate',
            '20000000',
            '-bufsize',
            '20000000',
          ],
          ...['-profile:v', 'high', '-x264-params', 'level=4.0', '-pix_fmt', 'yuv420p'],
          ...[
            '-colorspace',
            'smpte170m',
            '-color_primaries',
            'smpte170m',
            '-color_trc',
            'smpte170m',
            '-color_range',
            'tv',
          ],
          ...['-map_metadata', '-1', '-movflags', '+faststart', '-f', 'mp4'],
        ],
        file: '/p/large.mp4',
      },
      {
        options: [
          ...[
            '-map',
            '[v1]',
            '-an',
            '-c:v',
            'libx264',
            '-preset',
            'medium',
            '-crf',
            '29',
            '-maxrate',
            '128000',
            '-bufsize',
            '128000',
          ],
          ...['-profile:v', 'baseline', '-x264-params', 'level=1b', '-pix_fmt', 'yuv420p'],
          ...[
            '-colorspace',
            'smpte170m',
            '-color_primaries',
            'smpte170m',
            '-color_trc',
            'smpte170m',
            '-color_range',
            'tv',
          ],
          ...['-map_metadata', '-1', '-movflags', '+faststart', '-f', 'mp4'],
        ],
        file: '/p/small.mp4',
      },
    ],
  });
});
