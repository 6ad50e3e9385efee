import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { FontBook } from '../../src/scene/fonts.js';
import { checkTemplate } from '../../src/template/check.js';
import { type Description, description } from './sample.js';

type Spoil = (raw: Description) => void;

/** Sets, or without a value deletes, one place of a description, named like `bubbles.0.shape`. */
function put(place: string, value?: unknown): Spoil {
  return (raw) => {
    const keys = place.split('.');
    const last = keys.pop() as string;
    const parent = keys.reduce((at, key) => at[key] as Record<string, unknown>, raw as Record<string, unknown>);
    if (value === undefined) Reflect.deleteProperty(parent, last);
    else parent[last] = value;
  };
}

const all =
  (...spoils: Spoil[]): Spoil =>
  (raw) => {
    for (const spoil of spoils) spoil(raw);
  };

function complaints(spoil: Spoil, judges?: Parameters<typeof checkTemplate>[1]) {
  const raw: Description = description();
  spoil(raw);
  return checkTemplate(raw, judges).complaints;
}

function refused(what: string, pointer: string, spoil: Spoil, detail = /./): void {
  it(`${what}: ${pointer}`, () => {
    const found = complaints(spoil);
    assert.deepEqual(
      found.map((complaint) => complaint.pointer),
      [pointer],
    );
    assert.equal(found[0]?.code, 'template_invalid');
    assert.match(found[0]?.detail ?? '', detail);
  });
}

describe('a right template', () => {
  it('has no complaints, and its defaults filled in', () => {
    const { template, complaints } = checkTemplate(description());
    assert.deepEqual(complaints, []);
    assert.deepEqual([template?.bubbles[1]?.limits.maxLength, template?.poster.maxBytes], [80, 300_000]);
  });
});

describe('wrong form', () => {
  refused('missing field', '/title', put('title'), /missing/);
  refused('unknown field', '/bubbles/0/colour', put('bubbles.0.colour', '#fff'), /no such field/);
  refused('bad colour', '/bubbles/1/style/colour', put('bubbles.1.style.colour', 'red'), /#rrggbb/);
  refused('bad shape', '/bubbles/0/shape/kind', put('bubbles.0.shape.kind', 'blob'), /'ellipse'/);
  refused('path upwards', '/footage/0/file', put('footage.0.file', '../secret'), /inside the template/);
  refused('bad role in footage', '/footage/1/role', put('footage.1.role', 'The Hero'));
  refused(
    'field of a layer in an entry for a role',
    '/footage/1/matte',
    put('footage.1.matte', 'below'),
    /no such field/,
  );
  refused('bad locale', '/bubbles/0/sample/Korean', put('bubbles.0.sample.Korean', 'x'), /language tag/);
  refused('no English', '/title', put('title', { ko: '파티' }), /"en"/);
  refused('bad rate of a rendition', '/ladder/1/fps', put('ladder.1.fps', 'fast'), /frame rate/);
  refused('another format', '/format', put('format', 2));

  it('nothing at all', () => {
    for (const raw of [null, undefined, 5, 'x', []]) {
      const { template, complaints } = checkTemplate(raw);
      assert.equal(template, undefined);
      assert.deepEqual(
        complaints.map(({ pointer }) => pointer),
        [''],
      );
    }
  });

  it('everything at once', () => {
    const found = complaints(all(put('id'), put('bubbles.0.start', -1), put('ladder', [])));
    assert.deepEqual(found.map(({ pointer }) => pointer).sort(), ['/bubbles/0/start', '/id', '/ladder']);
  });
});

describe('fields that do not go together', () => {
  refused('bubble outside the picture', '/bubbles/0/shape', put('bubbles.0.shape.x', 500), /640,360/);
  refused(
    'corner outside the picture',
    '/bubbles/1/shape',
    put('bubbles.1.shape.points.0', [400, -1]),
    /inside the picture/,
  );
  refused('no room beside the padding', '/bubbles/0/shape', put('bubbles.0.style.padding', 45), /no room/);
  refused('end before start', '/bubbles/0/end', put('bubbles.0.end', 1), /after they appear/);
  refused('window past the end', '/bubbles/1/end', put('bubbles.1.end', 8.01), /end of the template/);
  refused(
    'window between two frames',
    '/bubbles/0/end',
    all(put('bubbles.0.start', 1.01), put('bubbles.0.end', 1.02)),
    /No frame/,
  );
  refused(
    'smallest above largest',
    '/bubbles/0/style/size/min',
    put('bubbles.0.style.size', { min: 30, max: 20 }),
    /largest, 20/,
  );
  refused('unknown role of a bubble', '/bubbles/0/role', put('bubbles.0.role', 'villain'), /no role/);
  refused('unknown role in footage', '/footage/2/role', put('footage.2', { role: 'villain' }), /no role/);
  refused(
    'layers that are never shown',
    '/roles/0',
    put('footage', [{ file: 'back.mp4' }]),
    /Add \{ "role": "hero" \}/,
  );
  refused('same bubble twice', '/bubbles/1/id', put('bubbles.1.id', 'hello'), /already taken/);
  refused('same role twice', '/roles/1/id', put('roles.1.id', 'hero'), /already taken/);
  refused('same character twice', '/roles/0/characters/1/id', put('roles.0.characters.1.id', 'bear'), /already taken/);
  refused('same rendition twice', '/ladder/1/id', put('ladder.1.id', 'large'), /already taken/);
  refused('rendition named poster', '/ladder/0/id', put('ladder.0.id', 'poster'), /preview picture/);
  refused('poster after the end', '/poster/time', put('poster.time', 8), /before the end/);
  refused('fades longer than the template', '/music/fadeOut', put('music.fadeOut', 7.5), /fades/);
  refused('rate of nothing', '/fps', put('fps', '24/0'), /between 1 and 120/);
  refused('part of a frame', '/duration', put('duration', 8.02), /8 seconds are 192 frames/);
  refused(
    'rendition faster than the template',
    '/ladder/1/fps',
    all(put('ladder.1.fps', '25'), put('ladder.1.level', '3.0')),
    /at most the template's 24/,
  );
  refused('level too low', '/ladder/0/level', put('ladder.0.level', '2.1'), /Declare level 3 /);
  refused('too fast for the level', '/ladder/1/level', put('ladder.1.fps', '16'), /Declare level 1\.1/);
  refused('level that does not exist', '/ladder/0/level', put('ladder.0.level', '2.3'), /no H\.264 level/);

  it('a duration of 30000/1001 in whole frames is right, to a thousandth of a frame', () => {
    const ntsc = (duration: number) => complaints(all(put('fps', '29.97'), put('duration', duration)));
    assert.deepEqual(ntsc(240.24 / 30), []);
    assert.deepEqual(ntsc(8.0080001), []);
    assert.equal(ntsc(8.01).length, 1);
  });
});

describe('sample words', () => {
  const hello = (sample: string) => put('bubbles.0.sample.ko', sample);
  refused('too long', '/bubbles/0/sample/ko', hello('가'.repeat(21)), /at most 20/);
  refused('empty where words are required', '/bubbles/0/sample/ko', hello(' '), /must have words/);
  refused('control characters', '/bubbles/0/sample/ko', hello('\u0007'), /control/i);

  it('that no font has, or that do not fit, are found when fonts and a measure are given', () => {
    const fonts: FontBook = {
      stack: () => [
        { id: 'f', family: 'F', kind: 'text', ascent: 1, descent: 0.2, coverage: { has: (point) => point < 0x3000 } },
      ],
    };
    assert.deepEqual(
      complaints(() => {}, { fonts }).map(({ pointer }) => pointer),
      ['/bubbles/0/sample/ko'],
    );
    const wide = complaints(put('bubbles.0.sample.ko'), { fonts, measure: (text) => 600 * text.length });
    assert.deepEqual(
      wide.map(({ pointer, detail }) => [pointer, /do not fit/.test(detail)]),
      [['/bubbles/0/sample/en', true]],
    );
  });
});
