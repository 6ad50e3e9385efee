/** Whether published files are whole: the index of each is held against what was asked, the poster is a picture from its first marker to its last, and then every frame of all is decoded. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Job } from '../../../src/job.js';
import { openFfmpeg } from '../../../src/media/ffmpeg.js';
import { verifyRendition } from '../../../src/renderer/verify.js';
import type { Template } from '../../../src/template/format.js';
import { isWholeJpeg } from '../../fixtures/jpeg.js';

/** The template by which a job was to be made. */
export type TemplateOf = (job: Job) => Template;

export async function assertWhole(jobs: readonly Job[], templateOf: TemplateOf, dataFolder: string): Promise<void> {
  const videos: string[] = [];
  for (const job of jobs.filter(({ state }) => state === 'rendered')) {
    const template = templateOf(job);
    const outputOf = (rendition: string) => {
      const output = job.result?.outputs.find((output) => output.rendition === rendition);
      assert.ok(output, `${rendition} of job ${job.id}`);
      return { output, path: join(dataFolder, 'jobs', job.id, output.file) };
    };
    for (const rendition of template.ladder) {
      const { output, path } = outputOf(rendition.id);
      assert.deepEqual(await verifyRendition(path, output.file, template, rendition), output);
      videos.push(path);
    }
    const poster = outputOf('poster').path;
    assert.ok(isWholeJpeg(await readFile(poster)), `${poster} is no whole JPEG`);
  }
  if (videos.length === 0) return;
  const inputs = videos.flatMap((path) => ['-threads', '1', '-i', path]);
  const outputs = videos.flatMap((_, index) => ['-map', `${index}`, '-f', 'null', '-']);
  const { stderr } = await promisify(execFile)(openFfmpeg().path, ['-v', 'error', '-xerror', ...inputs, ...outputs]);
  assert.equal(stderr, '', 'every file decodes');
}
