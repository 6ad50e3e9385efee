/** A curtain tune for the paper theatre: six bars for ukulele, glockenspiel, whistle and many hands. Run: node templates/birthday-theatre/music.mjs */
import { bass, clap, glockenspiel, kick, piece, shaker, ukulele, whistle } from '../studio/music.mjs';

const tune = piece({
  seconds: 12,
  tempo: 120,
  swing: 0.54,
  seed: 'birthday-theatre',
  room: { seconds: 1.1, dark: 0.45, level: -14 },
  fade: 0.45,
});

const chords = 'C | Am | F | G . . G7 | F G7 | C Chigh . .';

tune.part('glockenspiel', glockenspiel, { level: 0, pan: 0.12, width: 0.15, reverb: 0.35 }).notes(
  ` G5e  C6   E6q   D6e  C6   G5q
  | A5e  C6   E6q   D6e  E6   C6q
  | F6q.! E6e  D6e   C6   A5q
  | B5q  D6e  B5    G5   A5   B5q
  | C6e  A5   C6    F6   D6   B5   D6   G6
  | E6q!            C6+E6+C7q!  -h`,
);

tune.part('whistle', whistle, { level: -4, pan: -0.2, reverb: 0.35, loose: 8 }).notes(
  ` -w
  | -h              -e   E5   G5q
  | A5q. G5e        F5q  E5q
  | D5h             -e   D5   E5   F5
  | A5q   C6        B5   G5
  | C6h.                      -q`,
);

tune
  .part('ukulele', ukulele, { level: -1.5, pan: -0.25, width: 0.1, reverb: 0.2 })
  .strum(chords, 'D.Du.uDu | % | % | % | D.DuD.Du | D.D.....');

tune.part('bass', bass, { level: -4, reverb: 0.06 }).notes(
  ` C3q'  G2'   C3'   G2'
  | A2'   E3'   A2'   E3'
  | F2'   C3'   F2'   A2'
  | G2'   D3'   G2'   B2e  G2
  | F2q'  A2'   G2'   B2'
  | C3'   C2h.`,
);

tune.part('kick', kick, { level: -10, reverb: 0.05 }).hits('x...x... | % | % | % | x...x.x. | X.x.....');
tune
  .part('clap', clap, { level: -10, pan: 0.05, reverb: 0.45, loose: 7 })
  .hits('..x...x. | % | % | ..x...xx | ..x...x. | X.X.....');
tune
  .part('shaker', shaker, { level: -13, pan: 0.35, reverb: 0.15, loose: 4 })
  .hits('xoXoxoXo | % | % | % | xoXoxoXo | x.X.....');

await tune.save(new URL('music.m4a', import.meta.url));
