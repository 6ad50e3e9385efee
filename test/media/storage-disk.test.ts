/** Disks that are full, read-only or gone, for real: small ones in memory that are mounted, which only root may. */

import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { asStoryfarmError, StoryfarmError } from '../../src/errors.js';
import { freeIn, markFolder } from '../../src/media/disk.js';
import { openStorage } from '../../src/media/storage.js';
import { cannotMount, fill, smallDisk } from '../fixtures/disk.js';
import { temporaryFolder } from '../fixtures/folder.js';

const MB = 2 ** 20;

describe('a folder of jobs', () => {
  it('that takes files tells how many bytes', async (t) => {
    const { folder } = openStorage(temporaryFolder(t));
    await markFolder(folder);
    assert.ok((await freeIn(folder)) > 0);
  });

  it('without the marker is not the one that was meant', async (t) => {
    const { folder } = openStorage(temporaryFolder(t));
    await assert.rejects(freeIn(folder), { code: 'storage_failed' });
    mkdirSync(folder);
    await assert.rejects(freeIn(folder), { code: 'storage_failed' });
    await markFolder(folder);
    await freeIn(folder);
  });

  it('that is a file is refused', async (t) => {
    const data = temporaryFolder(t);
    writeFileSync(join(data, 'jobs'), '');
    await assert.rejects(markFolder(join(data, 'jobs')), { code: 'storage_failed' });
    await assert.rejects(freeIn(join(data, 'jobs')), { code: 'storage_failed' });
  });

  it('without the right to write is refused', { skip: process.getuid?.() === 0 && 'root may write' }, async (t) => {
    const { folder } = openStorage(temporaryFolder(t));
    await markFolder(folder);
    chmodSync(folder, 0o500);
    await assert.rejects(freeIn(folder), { code: 'storage_failed' });
    chmodSync(folder, 0o700);
  });
});

describe('a disk', { skip: cannotMount }, () => {
  it('that is full is told as full, until something is deleted', async (t) => {
    const disk = smallDisk(t, 2 * MB);
    const { folder } = openStorage(disk.folder);
    await markFolder(folder);
    const free = await freeIn(folder);
    assert.ok(free > MB && free <= 2 * MB, `${free}`);
    const ballast = fill(disk.folder);
    await assert.rejects(freeIn(folder), { code: 'no_space' });
    rmSync(ballast);
    assert.equal(await freeIn(folder), free);
  });

  it('that is read-only, or gone, is told as such, until it is back', async (t) => {
    const disk = smallDisk(t, MB);
    const { folder } = openStorage(disk.folder);
    await markFolder(folder);
    disk.remount('ro');
    await assert.rejects(freeIn(folder), { code: 'storage_failed' });
    disk.remount('rw');
    await freeIn(folder);
    disk.unmount();
    mkdirSync(folder);
    await assert.rejects(freeIn(folder), { code: 'storage_failed' }, 'though it can be written');
  });

  it('that is read-only explains failures of attempts, however they were told', async (t) => {
    const disk = smallDisk(t, MB);
    const storage = openStorage(disk.folder);
    const part = await storage.begin({ id: 'job', fence: 1 });
    const odd = new StoryfarmError('ffmpeg_failed', 'It ended with 1.');
    assert.equal(await storage.explain(odd), odd, 'while it can be written');
    disk.remount('ro');
    const refused = await writeFile(join(part, 'large.mp4'), 'video').catch((error) => error);
    for (const thrown of [refused, odd, new Error('Odd.')])
      assert.equal(asStoryfarmError(await storage.explain(thrown)).code, 'storage_failed');
    for (const code of ['no_space', 'aborted', 'words_do_not_fit'] as const) {
      const clear = new StoryfarmError(code, 'Clear.');
      assert.equal(await storage.explain(clear), clear);
    }
    disk.remount('rw');
    // It was read-only when the call was made; that it is not any more does not blame the job.
    assert.equal(asStoryfarmError(await storage.explain(refused)).code, 'storage_failed');
    assert.equal(existsSync(join(part, 'large.mp4')), false);
  });

  it('that is full stops an attempt and its publishing, and is told as full', async (t) => {
    const disk = smallDisk(t, MB);
    const storage = openStorage(disk.folder);
    fill(disk.folder);
    const error = await storage.begin({ id: 'job', fence: 1 }).then(
      async (part) => writeFile(join(part, 'large.mp4'), Buffer.alloc(MB)).catch((error) => error),
      (error) => error,
    );
    assert.equal(asStoryfarmError(await storage.explain(error)).code, 'no_space');
  });
});
