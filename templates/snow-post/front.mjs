/**
 * Before the actors: the letter, the wonder that comes out of it (light, gold stars for the firs, birds of paper), the snow nearest to the
 * lens, and over all of them the bubbles.
 */
import { bubbles } from './bubbles.mjs';
import { chance, clamp, ease, ellipse, form, glow, mix, part, path, star, vertical, within } from './paint.mjs';
import { camera, envelope, flash, LETTER, OPEN, wonder } from './story.mjs';
import { goldStar, ORNAMENTS, ornamentAt, snowfall } from './village.mjs';

function drawEnvelope(ctx, t) {
  const e = envelope(t);
  if (!e) return;
  within(ctx, () => {
    ctx.translate(e.x, e.y);
    ctx.rotate(e.turn);
    ctx.scale(e.size, e.size);
    const [w, h] = [33, 22];
    const lift = e.open; // The flap: -1 folded down over the front, +1 standing up behind it.
    const tip = mix(5, -h - 27, clamp(lift, 0, 1.1));
    const flap = path(
      `M${-w} ${-h} Q${-w * 0.3} ${mix(-h * 0.2, tip * 0.98, lift > 0.5 ? 1 : 0)} 0 ${tip} Q${w * 0.3} ${mix(-h * 0.2, tip * 0.98, lift > 0.5 ? 1 : 0)} ${w} ${-h}Z`,
    );
    const upright = lift > 0.5;
    if (upright) form(ctx, flap, '#ffe9bf', { dx: 3, dy: 3, shade: 'rgba(230,140,70,0.35)', rim: null });
    if (upright) glow(ctx, 0, -h, 46, '255,232,150', 0.9 * Math.min(1, lift));
    form(
      ctx,
      path(`M${-w} ${-h} H${w} V${h - 4} Q${w} ${h} ${w - 4} ${h} H${-w + 4} Q${-w} ${h} ${-w} ${h - 4}Z`),
      '#fff7e6',
      { dx: 5, dy: -4, shade: 'rgba(190,140,130,0.3)', rim: null },
    );
    ctx.strokeStyle = 'rgba(196,140,120,0.6)';
    ctx.lineWidth = 2;
    ctx.lineJoin = 'round';
    ctx.stroke(path(`M${-w + 2} ${h - 2} L-7 ${2} M${w - 2} ${h - 2} L7 2`));
    if (!upright) {
      form(ctx, flap, '#fff1d4', { dx: 0, dy: -3, shade: 'rgba(190,120,110,0.45)', rim: null });
      form(ctx, path('M0 15 C-15 4 -12 -9 0 -3 C12 -9 15 4 0 15Z'), '#e2444c', {
        dx: 3,
        dy: -3,
        rim: 'rgba(255,200,180,0.7)',
      });
    } else {
      ctx.fillStyle = '#fff3c4';
      ctx.fill(path(`M${-w} ${-h} H${w} L0 ${-h + 9}Z`));
    }
  });
}

/** A shaft of light from the envelope up to the letter. */
function beam(ctx, t) {
  const k = wonder(t) * (1 - ease.soft(part(t, LETTER.end, LETTER.end + 0.5)));
  const e = envelope(t);
  if (!e || (k <= 0 && flash(t) <= 0)) return;
  const power = 0.18 * k + 0.38 * flash(t);
  const g = ctx.createLinearGradient(0, e.y - 20, 0, 150);
  g.addColorStop(0, `rgba(255,232,150,${power})`);
  g.addColorStop(0.6, `rgba(255,222,130,${power * 0.4})`);
  g.addColorStop(1, 'rgba(255,222,130,0)');
  ctx.fillStyle = g;
  const sway = 8 * Math.sin(t * 1.8);
  for (const spread of [1, 0.5])
    ctx.fill(
      path(
        `M${e.x - 26} ${e.y - 20} L${290 - 190 * spread + sway} 120 L${310 + 110 * spread + sway} 120 L${e.x + 22} ${e.y - 20}Z`,
      ),
    );
  glow(ctx, e.x - 14, e.y - 22, mix(84, 130, flash(t)), '255,220,130', 0.24 * k + 0.5 * flash(t));
}

/** Stars leave the letter in bows and become ornaments; the village paints them once they have landed. */
function flyingStars(ctx, t) {
  for (const [i, o] of ORNAMENTS.entries()) {
    if (t < o.leaves || t >= o.lands) continue;
    const k = ease.soft(part(t, o.leaves, o.lands));
    const from = envelope(o.leaves);
    const to = ornamentAt(o, t);
    const over = { x: from.x + (o.side ? 10 : -70), y: Math.min(150, to.y) - 60 - (i % 3) * 24 }; // Up first, clear of the faces.
    const at = (s) => ({
      x: (1 - s) ** 2 * from.x + 2 * s * (1 - s) * over.x + s * s * to.x,
      y: (1 - s) ** 2 * (from.y - 20) + 2 * s * (1 - s) * over.y + s * s * to.y,
    });
    for (let j = 5; j > 0; j--) {
      const p = at(Math.max(0, k - j * 0.03));
      ctx.fillStyle = `rgba(255,222,130,${0.5 - j * 0.085})`;
      ctx.fill(ellipse(p.x, p.y, o.size * (0.62 - j * 0.09)));
    }
    const p = at(k);
    goldStar(ctx, p.x, p.y, o.size * mix(0.4, 1.5, Math.min(1, k * 3)), (1 - k) * 7 * (o.side ? 1 : -1));
  }
}

/** Motes that rise with the light. */
function motes(ctx, t) {
  const r = chance(64);
  for (let i = 0; i < 34; i++) {
    const [born, angle, v, life, size] = [
      OPEN + r() * 2.6,
      -Math.PI / 2 + (r() - 0.6) * 1.9,
      60 + r() * 120,
      0.8 + r() * 0.9,
      1.6 + r() * 2.6,
    ];
    const age = (t - born) / life;
    if (age < 0 || age > 1) continue;
    const e = envelope(t);
    const far = v * life * ease.out(age) * 0.9;
    ctx.fillStyle = `rgba(255,232,160,${(1 - age) * Math.min(1, age * 8)})`;
    ctx.fill(
      star(
        e.x + Math.cos(angle) * far + 6 * Math.sin(age * 9 + i),
        e.y - 22 + Math.sin(angle) * far,
        size * 1.7,
        size * 0.6,
        4,
        0,
      ),
    );
  }
}

/** Flights: [seconds, x, y] waypoints. The last bird is the letter itself. */
const FLIGHTS = [
  {
    size: 1.4,
    tint: ['#fffaf0', '#ecd9c8'],
    seed: 0,
    way: [
      [6.02, 424, 372],
      [6.4, 372, 300],
      [6.85, 300, 272],
      [7.4, 262, 300],
      [7.9, 322, 336],
      [8.5, 372, 300],
      [9.0, 316, 272],
      [9.5, 232, 216],
      [10.05, 160, 168],
    ],
  },
  {
    size: 1.25,
    tint: ['#ffe3dc', '#eebcb4'],
    seed: 2,
    way: [
      [6.12, 424, 372],
      [6.5, 384, 342],
      [7.0, 330, 330],
      [7.5, 322, 282],
      [8.05, 376, 258],
      [8.55, 318, 276],
      [9.05, 270, 306],
      [9.55, 262, 232],
      [10.05, 212, 110],
    ],
  },
  {
    size: 1.1,
    tint: ['#dff0ff', '#b4cdf0'],
    seed: 4,
    way: [
      [6.18, 424, 372],
      [6.5, 500, 236],
      [6.9, 590, 190],
      [7.4, 612, 140],
      [7.9, 606, 96],
      [8.4, 615, 150],
      [8.9, 592, 200],
      [9.4, 512, 170],
      [10.05, 432, 112],
    ],
  },
];
const HERO = {
  size: 1.9,
  tint: ['#fffaf0', '#f0dcc4'],
  seed: 1,
  way: [
    [LETTER.end + 0.36, 322, 132],
    [9.62, 350, 128],
    [9.82, 346, 108],
    [10.05, 326, 92],
  ],
};

function along(way, t) {
  let i = 1;
  while (i < way.length - 1 && t > way[i][0]) i++;
  const [p0, p1, p2, p3] = [way[Math.max(0, i - 2)], way[i - 1], way[i], way[Math.min(way.length - 1, i + 1)]];
  const k = clamp((t - p1[0]) / (p2[0] - p1[0]));
  const curve = (a, b, c, d) =>
    0.5 * (2 * b + (c - a) * k + (2 * a - 5 * b + 4 * c - d) * k * k + (3 * b - a - 3 * c + d) * k ** 3);
  return { x: curve(p0[1], p1[1], p2[1], p3[1]), y: curve(p0[2], p1[2], p2[2], p3[2]) };
}

function bird(ctx, t, { way, size, tint, seed }) {
  const first = way[0][0];
  if (t < first) return;
  const p = along(way, t);
  const q = along(way, t - 0.06);
  const r = along(way, t + 0.06);
  const turn = clamp((r.x - q.x) / 7, -1, 1); // Turns round through a narrow view.
  const flap = Math.sin(t * 15 + seed * 1.7);
  const s = size * mix(0.25, 1, ease.back(part(t, first, first + 0.4)));
  glow(ctx, p.x, p.y, 44 * s, '255,226,150', 0.5);
  within(ctx, () => {
    ctx.translate(p.x, p.y - flap * 2.4 * s);
    ctx.rotate(clamp((r.y - q.y) / 40, -0.4, 0.4) * Math.sign(turn || 1));
    ctx.scale(s * Math.sign(turn || 1) * Math.max(0.4, Math.abs(turn)), s);
    ctx.lineJoin = 'round';
    const up = -21 * flap - 7;
    const facets = [
      [`M-6 1 L9 -1 L${10 + 3 * flap} ${up * 0.92} Z`, tint[1]], // Far wing.
      ['M-8 2 L-28 -9 L-2 8 Z', tint[1]], // Tail.
      ['M-12 1 L12 -1 L4 10 L-4 10 Z', tint[0]], // Body.
      ['M8 0 L22 -12 L11 6 Z', tint[0]], // Neck.
      ['M22 -12 L30 -8 L19 -8 Z', '#f2a85c'], // Beak.
      [`M-9 2 L8 0 L${-5 + 2 * flap} ${up} Z`, '#ffffff'], // Near wing.
      [`M-9 2 L-2 1 L${-5 + 2 * flap} ${up} Z`, tint[1]],
    ].map(([d, colour]) => ({ shape: path(d), colour }));
    // A dark edge first, all round: paper must not drown in lit windows.
    ctx.strokeStyle = '#8a4d63';
    ctx.lineWidth = 4;
    for (const { shape } of facets) ctx.stroke(shape);
    for (const { shape, colour } of facets) {
      ctx.fillStyle = ctx.strokeStyle = colour;
      ctx.lineWidth = 1.2;
      ctx.stroke(shape);
      ctx.fill(shape);
    }
  });
}

export function front(ctx, t) {
  beam(ctx, t);
  drawEnvelope(ctx, t);
  motes(ctx, t);
  flyingStars(ctx, t);
  for (const flight of FLIGHTS) bird(ctx, t, flight);
  snowfall(ctx, t, {
    count: 15,
    seed: 37,
    size: 6.4,
    speed: 104,
    sway: 16,
    depth: 1.4,
    alpha: 0.95,
    wind: -22,
    soft: true,
  });
  snowbank(ctx, t);
  bubbles(ctx, t);
  if (t > HERO.way[0][0]) {
    const burst = 1 - part(t, HERO.way[0][0], HERO.way[0][0] + 0.3);
    glow(ctx, 322, 130, 120, '255,232,150', 0.9 * burst);
    bird(ctx, t, HERO);
  }
}

/** A drift before everybody's feet, so that the stage has depth. */
function snowbank(ctx, t) {
  const x = camera(t) * 1.35;
  const bank = path(
    `M${-80 + x} 470 C${40 + x} 452 ${150 + x} 462 ${250 + x} 471 C${350 + x} 479 ${420 + x} 466 ${520 + x} 462 C${600 + x} 458 ${680 + x} 456 ${740 + x} 462 L740 500 L-90 500Z`,
  );
  ctx.fillStyle = vertical(ctx, 456, 482, '#dfe9fd', '#a9c2f0');
  ctx.fill(bank);
  ctx.strokeStyle = 'rgba(255,255,255,0.9)';
  ctx.lineWidth = 2.5;
  ctx.stroke(bank);
}
