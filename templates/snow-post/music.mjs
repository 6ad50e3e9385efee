/** The village post office in the snow: four bars for clarinet, plucked strings, celesta and sleigh bells. Run: node templates/snow-post/music.mjs */
import { bass, celesta, clarinet, piece, pizzicato, sleighBells, strings } from '../studio/music.mjs';

const tune = piece({
  seconds: 10,
  tempo: 96,
  seed: 'snow-post',
  room: { seconds: 1.9, dark: 0.35, level: -11 },
  fade: 0.6,
});

const chords = 'G D | Em C | Am7 D7 | G';

tune.part('clarinet', clarinet, { level: 0, pan: -0.1, reverb: 0.35, loose: 8 }).notes(
  ` B4q.       D5e  A4   B4   A4   F#4
  | G4e  A4   B4q   E5q.       D5e
  | C5e  B4   A4    C5   B4   A4   F#4  A4
  | G4h.                      -q`,
  0.75,
);

// The celesta answers, at last with the call of a post horn.
tune.part('celesta', celesta, { level: -2, pan: 0.22, width: 0.15, reverb: 0.45, loose: 6 }).notes(
  ` G5e? B5   D6q   -e   F#6?  A6?  D6?
  | -e   G5?  B5    E6   -    G6?  E6   C6
  | -e   C6?  E6    A6   -    F#6? C6   A5
  | -e   D6s  D6    G6e  B6   ~h`,
  0.65,
);

tune
  .part('plucked', pizzicato, { level: -3, pan: -0.25, width: 0.2, reverb: 0.3, loose: 9 })
  .arp(chords, '.1.2.1.2 | .1.2.1.2 | .1.2.13. | 0.1.3...', { low: 'D4', velocity: 0.7 });

tune.part('low strings', pizzicato, { level: -5, pan: 0.15, reverb: 0.25 }).notes(
  ` G2q  D3   F#2  A2
  | E3   B2   C3   G2
  | A2   E3   D3   F#2
  | G2   -    -h`,
  0.8,
);
tune.part('bass', bass, { level: -9, reverb: 0.05 }).notes(' G2h F#2 | E2 C2 | A2 D2 | G2w', 0.55);
tune
  .part('strings', strings, { level: -10, reverb: 0.5, loose: 20 })
  .hold('G D | Em C | Am7 D7 | G .', { low: 'G3', velocity: 0.5 });
tune
  .part('sleigh bells', sleighBells, { level: -16, pan: 0.1, reverb: 0.3, loose: 7 })
  .hits('xoXoxoXo | % | % | X.......', 0.6);

await tune.save(new URL('music.m4a', import.meta.url));
