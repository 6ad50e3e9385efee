/** Two friends above the clouds: four slow bars for electric piano, strings and music box. Run: node templates/night-balloon/music.mjs */
import { bass, brush, electricPiano, musicBox, piece, strings } from '../studio/music.mjs';

const tune = piece({
  seconds: 12,
  tempo: [
    [0, 80],
    [10, 76],
  ],
  seed: 'night-balloon',
  room: { seconds: 2.6, dark: 0.4, level: -9 },
  fade: 0.8,
});

tune.part('music box', musicBox, { level: 0, pan: 0.1, width: 0.2, reverb: 0.5, loose: 8 }).notes(
  ` F#5e A5   E6q. D6e  C#6q
  | B5e  D6   F#6q. E6e  D6q
  | C#6q      D6e  A5    B5e  G5   A5   C#6
  | D6q.      F#6e?      A6h?`,
);

tune
  .part('piano', electricPiano, { level: -2.5, pan: -0.12, width: 0.15, reverb: 0.3, loose: 7 })
  .hold('Dmaj9 Bm9 | Gmaj9 A7sus4 | F#m7 Bm7 Em9 A13 | D69', {
    low: 'A3',
    velocity: 0.55,
    roll: 0.022,
    grid: 'x..ox..o | x..ox..o | x.x.x.x. | x.......',
  });

tune
  .part('strings', strings, { level: -7, width: 0.1, reverb: 0.5, loose: 20 })
  .hold('D Bm | G A7sus4 | F#m Bm Em A7 | Dadd9 .', { low: 'D4', velocity: 0.6 });

tune.part('bass', bass, { level: -7.5, reverb: 0.08 }).notes(
  ` D3q.     A2e   B2q.     F#2e
  | G2q.     D3e   A2q.     E3e
  | F#2q     B2    E3       A2
  | D2w`,
  0.6,
);

tune
  .part('heart', brush, { level: -19, pan: -0.2, reverb: 0.4 })
  .hits('..x...x. | ..x...x. | ..x...xo | ........', 0.5);

await tune.save(new URL('music.m4a', import.meta.url));
