import assert from 'node:assert/strict';
import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { deflateSync } from 'node:zlib';
import { findInstalled, loadCatalog, loadTemplate } from '../../../src/media/install/catalog.js';
import { temporaryFolder } from '../../fixtures/folder.js';
import { copyOfTiny, tinyFolder } from '../../fixtures/tiny.js';

// biome-ignore lint/suspicious/noExplicitAny: a description to break in any way.
type Raw = any;

/** A copy of the template with its description changed. */
function broken(folder: string, change: (raw: Raw) => void, name = 'broken'): string {
  const copy = copyOfTiny(folder, name);
  const file = join(copy, 'template.json');
  const raw = JSON.parse(readFileSync(file, 'utf8'));
  raw.id = name;
  change(raw);
  writeFileSync(file, JSON.stringify(raw));
  return copy;
}

const CASES: readonly {
  readonly what: string;
  readonly change: (raw: Raw) => void;
  readonly pointer: string;
  readonly says: RegExp;
}[] = [
  {
    what: 'a missing file',
    change: (raw) => {
      raw.footage[0].file = 'gone.mp4';
    },
    pointer: '/footage/0/file',
    says: /gone\.mp4 is not there.*Put it into/,
  },
  {
    what: 'a missing character',
    change: (raw) => {
      raw.roles[0].characters[1].layer.file = 'gone.mp4';
    },
    pointer: '/roles/0/characters/1/layer/file',
    says: /not there/,
  },
  {
    what: 'a bubble outside the frame',
    change: (raw) => {
      raw.bubbles[0].shape.x = 300;
    },
    pointer: '/bubbles/0/shape',
    says: /./,
  },
  {
    what: 'a window past the end',
    change: (raw) => {
      raw.bubbles[1].end = 2.5;
    },
    pointer: '/bubbles/1/end',
    says: /./,
  },
  {
    what: 'a bad colour',
    change: (raw) => {
      raw.bubbles[0].style.colour = 'sort of blue';
    },
    pointer: '/bubbles/0/style/colour',
    says: /colour/i,
  },
  {
    what: 'footage that ends early',
    change: (raw) => {
      raw.duration = 3;
    },
    pointer: '/footage/0/file',
    says: /lasts 2\.000 s/,
  },
  {
    what: 'music without sound',
    change: (raw) => {
      raw.music.file = 'footage.mp4';
    },
    pointer: '/music/file',
    says: /no sound/,
  },
  {
    what: 'footage without a picture',
    change: (raw) => {
      raw.footage[0].file = 'music.m4a';
    },
    pointer: '/footage/0/file',
    says: /./,
  },
  {
    what: 'a layer that would fill the memory',
    change: (raw) => {
      raw.footage[0].width = 30_000;
    },
    pointer: '/footage/0',
    says: /./,
  },
  {
    what: 'a path out of the folder',
    change: (raw) => {
      raw.footage[0].file = '../tiny/footage.mp4';
    },
    pointer: '/footage/0',
    says: /./,
  },
];

for (const { what, change, pointer, says } of CASES) {
  test(`${what} is refused with file, place and remedy`, async (t) => {
    const folder = broken(temporaryFolder(t), change);
    await assert.rejects(
      loadTemplate(folder),
      (error: Error & { code?: string; file?: string; complaints?: { pointer: string; detail: string }[] }) => {
        assert.equal(error.code, 'template_invalid');
        assert.equal(error.file, join(folder, 'template.json'));
        const complaint = error.complaints?.find((c) => c.pointer.startsWith(pointer));
        assert.ok(complaint, `no complaint about ${pointer}: ${JSON.stringify(error.complaints)}`);
        assert.match(complaint.detail, says);
        return true;
      },
    );
  });
}

test('a picture that would fill the memory is refused by its header', async (t) => {
  const folder = broken(temporaryFolder(t), (raw) => {
    raw.footage[0] = { file: 'bomb.png' };
  });
  writeFileSync(join(folder, 'bomb.png'), pngOf(60_000, 60_000));
  await assert.rejects(
    loadTemplate(folder),
    (error: Error & { complaints?: { pointer: string; detail: string }[] }) => {
      assert.match(error.complaints?.[0]?.detail ?? '', /60000x60000 pixels; at most 4096x4096/);
      assert.equal(error.complaints?.[0]?.pointer, '/footage/0/file');
      return true;
    },
  );
});

test('a torn file is refused', async (t) => {
  const folder = broken(temporaryFolder(t), () => {});
  writeFileSync(join(folder, 'red.mp4'), readFileSync(join(folder, 'red.mp4')).subarray(0, 3000));
  await assert.rejects(loadTemplate(folder), /\/roles\/0\/characters\/0\/layer\/file.*not a whole movie/);
});

test('what is not JSON is refused with its place', async (t) => {
  const folder = copyOfTiny(temporaryFolder(t));
  writeFileSync(join(folder, 'template.json'), '{ "format": 1,, }');
  await assert.rejects(loadTemplate(folder), { code: 'template_invalid', message: /template\.json is not JSON/ });
});

test('a broken template leaves the others at work', async (t) => {
  const folder = temporaryFolder(t);
  copyOfTiny(folder);
  broken(folder, (raw) => {
    raw.bubbles = [];
  });
  const { list, get, broken: refused } = await loadCatalog([folder]);
  assert.deepEqual(
    list().map(({ ref }) => ref.id),
    ['tiny'],
  );
  assert.ok(get('tiny'));
  assert.deepEqual(
    refused.map(({ folder: where, error }) => [where, error.code]),
    [[join(folder, 'broken'), 'template_invalid']],
  );
});

test('two templates of one id: the second is refused', async (t) => {
  const folder = temporaryFolder(t);
  copyOfTiny(folder, 'a');
  copyOfTiny(folder, 'b');
  const { list, broken: refused } = await loadCatalog([folder]);
  assert.equal(list().length, 1);
  assert.match(refused[0]?.error.message ?? '', /already the id of/);
});

test('the version is the content: it changes with any file that matters and with no other', async (t) => {
  const folder = copyOfTiny(temporaryFolder(t));
  const { ref } = await loadTemplate(tinyFolder);
  assert.match(ref.version, /^[0-9a-f]{64}$/);
  assert.equal((await loadTemplate(folder)).ref.version, ref.version);
  writeFileSync(join(folder, 'notes.txt'), 'of no matter');
  assert.equal((await loadTemplate(folder)).ref.version, ref.version);
  const file = join(folder, 'template.json');
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), tags: ['gpu'] }));
  const tagged = await loadTemplate(folder);
  assert.deepEqual(
    [tagged.ref.version, tagged.template.tags],
    [ref.version, ['gpu']],
    'where it is rendered changes no video',
  );
  // A box of type "free" at the end: the same movie in other bytes.
  appendFileSync(join(folder, 'footage.mp4'), Buffer.from([0, 0, 0, 8, 0x66, 0x72, 0x65, 0x65]));
  assert.notEqual((await loadTemplate(folder)).ref.version, ref.version);
});

test('a folder without templates is an empty catalogue, a missing one too', async (t) => {
  const folder = temporaryFolder(t);
  rmSync(folder, { recursive: true });
  assert.deepEqual((await loadCatalog([folder])).list(), []);
});

/** A valid PNG of one colour and any size: small in bytes, huge in memory. */
function pngOf(width: number, height: number): Buffer {
  const chunk = (type: string, data: Buffer) => {
    const out = Buffer.alloc(12 + data.length);
    out.writeUInt32BE(data.length, 0);
    out.write(type, 4, 'latin1');
    data.copy(out, 8);
    return out;
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([1, 0, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.alloc(1000))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

test('one template is found as the catalogue has it, past those that are broken or only name it', async (t) => {
  const folder = temporaryFolder(t);
  broken(folder, (raw) => Object.assign(raw, { id: 'wanted', footage: [] }), 'a');
  broken(folder, (raw) => Object.assign(raw, { title: { en: 'wanted' } }), 'b');
  for (const name of ['c', 'd']) broken(folder, (raw) => Object.assign(raw, { id: 'wanted' }), name);
  const found = await findInstalled([folder], 'wanted');
  assert.equal(found?.folder, join(folder, 'c'));
  assert.deepEqual(found, (await loadCatalog([folder])).get('wanted'));
  assert.equal(await findInstalled([folder], 'unknown'), undefined);
});
