import assert from 'node:assert/strict';
import { it } from 'node:test';
import { type Entry, straysIn } from './strays.js';

const folder = (path: string): Entry => ({ path, isFolder: true });
const file = (path: string): Entry => ({ path, isFolder: false });
const published = new Map([['a', ['2/large.mp4', '2/poster.jpg']]]);
const phrase = `phrases/0f/${'1'.repeat(62)}`;

const belonging = [
  ...['storyfarm.db', 'storyfarm.db-wal', 'storyfarm.db-shm', 'storyfarm.db-farm'].map(file),
  ...['farm.lock', 'ffmpeg.json', 'outcomes.journal.damaged', 'jobs/.storyfarm', phrase].map(file),
  ...['jobs', 'jobs/a', 'jobs/a/2', 'editions', 'editions/tiny', 'editions/tiny/0123', 'phrases', 'phrases/0f'].map(
    folder,
  ),
  ...['jobs/a/2/large.mp4', 'jobs/a/2/poster.jpg', 'editions/tiny/0123/edition.json'].map(file),
];

it('what belongs to a farm is no stray, and neither is an empty folder of a farm yet unknown', () => {
  assert.deepEqual(straysIn([...belonging, folder('journal')], published), []);
});

for (const stray of [
  file('storyfarm.db-journal'),
  file('ballast'),
  file('journal/1.json'),
  folder('jobs/b'),
  folder('jobs/a/1'),
  folder('jobs/a/.3.part'),
  file('jobs/a/2/words.png'),
  file('jobs/a/large.mp4'),
  folder('editions/tiny/0123.part'),
  folder('editions/tiny/0123.1a2b3c4d.part'),
  folder('editions/tiny/0123/large.film.part'),
  file('editions/tiny/0123/.owner'),
  file('phrases/0f/half'),
])
  it(`${stray.path} is a stray`, () => {
    assert.deepEqual(straysIn([...belonging, stray], published), [stray.path]);
  });

it('of strays that lie in each other the uppermost is told', () => {
  const within = [folder('jobs/b'), folder('jobs/b/1'), file('jobs/b/1/large.mp4')];
  assert.deepEqual(straysIn([...belonging, ...within], published), ['jobs/b']);
});
