/**
 * The players: paper puppets on one common skeleton, four sets of clothes. Local units: feet at (0, 0), up is negative y, looking to +x; the
 * guests are turned round. What they do is in `act`, one script per role; ears, tails, hats and scarves follow a little late by themselves.
 */
import { createCanvas, Path2D } from '@napi-rs/canvas';
import {
  box,
  bump,
  clamp,
  cut,
  doily,
  ellipse,
  heart,
  inOut,
  lerp,
  mix,
  paper,
  shade,
  smooth,
  span,
  svg,
  TAU,
  veil,
} from './paper.mjs';
import { BEAT, BUBBLES, dim, FLOOR, f, glow, joy } from './score.mjs';

/** Region of each role's layer, design units. */
export const REGION = {
  host: { x: 92, y: 216, width: 400, height: 432 },
  guest: { x: 788, y: 216, width: 400, height: 432 },
};

// ------------------------------------------------------------------------------------------------------------------------------ acting

/** Hops: from frame, to frame, from x, to x, height. */
const HOPS = {
  host: [
    [13, 20, 70, 156, 40],
    [20, 26, 156, 240, 44],
    [26, 33, 240, 308, 36],
    [170, 179, 308, 308, 24],
    [232, 242, 308, 314, 46],
    [257, 266, 314, 314, 22],
    [272, 281, 314, 314, 16],
  ],
  guest: [
    [44, 50, 1210, 1126, 40],
    [50, 56, 1126, 1044, 44],
    [56, 62, 1044, 990, 36],
    [66, 74, 990, 990, 30],
    [165, 173, 990, 990, 32],
    [233, 244, 990, 966, 48],
    [251, 260, 966, 966, 26],
    [267, 276, 966, 966, 18],
  ],
};

function travel(role, t) {
  const hops = HOPS[role];
  let x = hops[0][2];
  let y = 0;
  let stretch = 0;
  for (const [a, b, x0, x1, h] of hops) {
    const [from, to] = [f(a), f(b)];
    stretch -= 0.13 * bump(from - 0.17, from + 0.05, t);
    if (t >= from) {
      const u = span(from, to, t);
      x = lerp(x0, x1, u);
      if (t < to) {
        y = h * 4 * u * (1 - u);
        stretch += 0.1 * Math.abs(1 - 2 * u) * Math.sin(Math.PI * clamp(u * 1.2));
      }
    }
    if (t >= to) {
      const tau = t - to;
      stretch -=
        0.17 * Math.exp(-7 * tau) * Math.cos(17 * tau) * (1 - smooth(0.45, 0.8, tau)) * Math.min(1, tau * 30 + 0.3);
    }
  }
  return { x, y, stretch: clamp(stretch, -0.22, 0.16) };
}

const SYLLABLES = [0.9, 0.3, 1, 0.2, 0.7, 0.1, 0.95, 0.5, 0.15, 0.85, 0.35, 0.6];
function speaking(t, from, to) {
  const on = smooth(from, from + 0.08, t) * (1 - smooth(to - 0.15, to, t));
  if (on <= 0) return 0;
  const k = (t - from) * 7.2;
  const i = Math.floor(k);
  return on * lerp(SYLLABLES[i % 12], SYLLABLES[(i + 1) % 12], inOut(k - i));
}

function blinks(t, times) {
  let open = 1;
  for (const at of times) open = Math.min(open, 1 - bump(at, at + 0.25, t));
  return open;
}

const during = (b, t, pad = 0) => smooth(b.arrives - pad, b.set, t) * (1 - smooth(b.end, b.end + 0.3, t));

export function act(role, t) {
  const { x, y, stretch } = travel(role, t);
  const G = BUBBLES.greeting;
  const R = BUBBLES.reply;
  const W = BUBBLES.wish;
  const cakeUp = smooth(BEAT.trap, BEAT.trap + 0.3, t);
  const happyEnd = smooth(f(231), f(236), t);
  const cheer = (0.55 + 0.45 * Math.sin((t - f(231)) * 11)) * happyEnd * (1 - 0.6 * smooth(11.2, 11.9, t));
  const breath = Math.sin(t * 2.6 + (role === 'host' ? 0 : 1.4));
  const pose = {
    x,
    y,
    stretch: stretch + 0.012 * breath,
    lean: 0,
    tilt: 0,
    nod: 0,
    look: 0,
    lookY: 0,
    blink: 1,
    mouth: 0,
    smile: 0.6,
    happy: 0,
    near: 0.12,
    away: 0.12,
    puff: 0,
    round: 0,
  };
  if (role === 'host') {
    const g = during(G, t);
    const w = during(W, t, 0.1);
    pose.mouth = Math.max(speaking(t, G.set - 0.2, G.end), speaking(t, W.start - 0.15, W.end));
    pose.blink = blinks(t, [1.62, 3.2, 5.1, 6.1, 8.9]);
    // A wave of greeting with the outer arm, the other presents.
    pose.away =
      0.12 + g * (1.72 + 0.34 * Math.sin((t - G.arrives) * 12) * (1 - smooth(2.4, 3.0, t)) - 0.9 * smooth(2.6, 3.1, t));
    pose.near = 0.12 + g * (0.5 + 0.3 * smooth(2.5, 3, t)) + 0.18 * during(R, t);
    pose.tilt = -0.07 * g + 0.05 * g * Math.sin(t * 5) + 0.09 * during(R, t) + 0.03 * Math.sin(t * 1.3);
    pose.nod = 4 * during(R, t) * Math.max(0, Math.sin((t - R.start) * 6)) * (1 - smooth(5.5, 5.9, t));
    pose.look = 0.6 + 0.4 * smooth(1.6, 1.9, t);
    pose.happy = smooth(5.2, 5.35, t) * (1 - smooth(5.85, 6.0, t));
    // "Ta-da!": both arms to the cake, then up to the scroll.
    pose.near += cakeUp * 1.5 * (1 - happyEnd) + w * 0.35 * Math.sin(t * 4.4);
    pose.away += cakeUp * (0.9 + 0.5 * w) * (1 - happyEnd) + w * 0.2 * Math.sin(t * 4.4 + 1);
    pose.lookY = 0.5 * cakeUp * (1 - w) - 0.35 * w;
    pose.lean = 0.05 * g + 0.05 * cakeUp * (1 - happyEnd) - 0.03 * w;
  } else {
    const r = during(R, t);
    const surprise = smooth(f(64), f(67), t) * (1 - smooth(3.4, 3.8, t));
    const gasp = smooth(f(160), f(165), t) * (1 - smooth(f(178), f(184), t));
    const wish = smooth(f(184), f(191), t) * (1 - smooth(f(210), f(215), t));
    const inhale = smooth(BEAT.inhale, f(223), t) * (1 - smooth(f(224), f(227), t));
    const blow = smooth(f(224), f(227), t) * (1 - smooth(f(231), f(234), t));
    pose.mouth = Math.max(speaking(t, R.set - 0.2, R.end), surprise * 0.75, gasp * 0.95);
    pose.blink = blinks(t, [2.75, 3.7, 5.0, 6.1]);
    pose.round = Math.max(surprise, gasp, blow);
    pose.near = 0.12 + surprise * 1.5 + r * (0.85 + 0.28 * Math.sin((t - R.arrives) * 6.5)) + gasp * 1.6 + wish * 0.25;
    pose.away =
      0.12 + surprise * 1.5 + r * (0.4 + 0.2 * Math.sin((t - R.arrives) * 6.5 + 2)) + gasp * 1.6 + wish * 0.25;
    pose.fold = wish;
    pose.tilt =
      0.08 * r * Math.sin(t * 4.3) -
      0.06 * surprise +
      0.12 * wish -
      0.16 * inhale +
      0.1 * blow +
      0.03 * Math.sin(t * 1.5 + 2);
    pose.lean = -0.05 * surprise - 0.05 * gasp - 0.1 * inhale + 0.2 * blow;
    pose.happy = Math.max(wish, smooth(5.55, 5.7, t) * (1 - smooth(6.0, 6.1, t)));
    pose.puff = Math.max(inhale, blow * 0.7);
    pose.blow = blow;
    pose.mouth = Math.max(pose.mouth, blow * 0.45);
    pose.look = 0.75;
    pose.lookY = 0.5 * cakeUp;
    pose.stretch += 0.07 * inhale;
  }
  pose.near += happyEnd * (1.42 + 0.5 * cheer);
  pose.away += happyEnd * (1.42 + 0.5 * cheer);
  pose.tilt += happyEnd * 0.1 * Math.sin((t - 9.7) * 5.2);
  pose.happy = Math.max(pose.happy, happyEnd * (1 - smooth(11.35, 11.5, t)));
  pose.mouth = Math.max(pose.mouth, happyEnd * (0.72 + 0.2 * Math.sin(t * 9)));
  pose.smile = lerp(pose.smile, 1, happyEnd);
  // What hangs loose follows the body a moment later.
  const late = (lag) => (travel(role, t - lag + 0.045).y - travel(role, t - lag - 0.045).y) / 0.09;
  const sideways = (travel(role, t - 0.08).x - travel(role, t - 0.12).x) / 0.04;
  pose.flap = clamp((late(0.05) + late(0.1) + late(0.16)) / 1100, -0.4, 0.4);
  pose.drag = clamp(sideways / 900, -0.35, 0.35) * (role === 'guest' ? -1 : 1);
  return pose;
}

// ---------------------------------------------------------------------------------------------------------------------------- skeleton

const INK = '#3d1533';

function eye(ctx, x, y, pose, s = 1) {
  ctx.save();
  ctx.translate(x + pose.look * 4, y + pose.lookY * 4);
  ctx.strokeStyle = INK;
  ctx.lineWidth = 4 * s;
  ctx.lineCap = 'round';
  if (pose.happy > 0.5) {
    ctx.beginPath();
    ctx.arc(0, 5 * s, 9.5 * s, Math.PI * 1.12, Math.PI * 1.88);
    ctx.stroke();
  } else if (pose.blink < 0.3) {
    ctx.beginPath();
    ctx.arc(0, -5 * s, 9 * s, Math.PI * 0.18, Math.PI * 0.82);
    ctx.stroke();
  } else {
    const wide = 1 + 0.16 * pose.round;
    ctx.fillStyle = INK;
    ctx.fill(ellipse(0, 0, 8.2 * s * wide, 10.6 * s * pose.blink * wide));
    ctx.fillStyle = '#fff7e4';
    ctx.fill(ellipse(2.8 * s, -3.8 * s, 3 * s, 3.3 * s * pose.blink));
    ctx.fill(ellipse(-3 * s, 4 * s, 1.5 * s, 1.5 * s * pose.blink));
  }
  ctx.restore();
}

function mouth(ctx, x, y, pose, s = 1) {
  const m = pose.mouth;
  ctx.save();
  ctx.translate(x + pose.look * 4, y + pose.lookY * 2);
  ctx.strokeStyle = INK;
  ctx.lineWidth = 3.4;
  ctx.lineCap = 'round';
  if (m < 0.12) {
    ctx.beginPath();
    ctx.moveTo(-11 * s, -2);
    ctx.quadraticCurveTo(-5 * s, 6 * pose.smile + 1, 0, 0);
    ctx.quadraticCurveTo(5 * s, 6 * pose.smile + 1, 11 * s, -2);
    ctx.stroke();
  } else {
    const w = lerp(11 + 3 * m, 7.5, pose.round) * s;
    const h = lerp(4 + 15 * m, 8 + 10 * m, pose.round) * s;
    const p = new Path2D();
    p.moveTo(-w, 0);
    p.quadraticCurveTo(0, lerp(3, -h * 0.7, pose.round), w, 0);
    p.bezierCurveTo(w * 0.95, h * 1.15, -w * 0.95, h * 1.15, -w, 0);
    p.closePath();
    paper(ctx, p, '#7a1c3c', { lift: 0, grain: false, edge: 0 });
    ctx.save();
    ctx.clip(p);
    ctx.fillStyle = '#f28a86';
    ctx.fill(ellipse(0, h * 0.92, w * 0.7, h * 0.42));
    ctx.restore();
  }
  ctx.restore();
}

function cheeks(ctx, x, y, colour, pose, r = 13) {
  const k = 1 + 0.35 * pose.puff;
  for (const s of [-1, 1])
    paper(ctx, ellipse(s * x + pose.look * 2, y, r * k, r * 0.72 * k), colour, {
      lift: 0.8,
      grain: false,
      bow: 0.04,
      edge: 0.25,
    });
}

/** Both arms; angle 0 hangs, positive lifts outward. `fold` brings the hands together for a wish. */
function arms(ctx, pose, look, which) {
  const s = which === 'near' ? 1 : -1;
  const angle = lerp(pose[which], -0.62, pose.fold ?? 0);
  ctx.save();
  ctx.translate(s * look.shoulder[0], look.shoulder[1]);
  ctx.scale(s, 1);
  ctx.rotate(-angle - (s > 0 ? 1 : -1) * pose.drag * 0.5 - Math.abs(pose.flap) * 0.5);
  look.arm(ctx, pose);
  paper(ctx, ellipse(0, 2, 4.2), '#e2ab52', { lift: 1.2, grain: false });
  ctx.restore();
}

function puppet(ctx, look, pose) {
  ctx.save();
  ctx.rotate(pose.lean);
  ctx.scale(1 - pose.stretch * 0.8, 1 + pose.stretch);
  look.back?.(ctx, pose);
  look.feet(ctx, pose);
  const raised = (which) => pose[which] > 1.3 || (pose.fold ?? 0) > 0.2;
  const infront = (pose.fold ?? 0) > 0.2;
  if (!infront) for (const which of ['away', 'near']) if (raised(which)) arms(ctx, pose, look, which);
  look.body(ctx, pose);
  for (const which of ['away', 'near']) if (infront || !raised(which)) arms(ctx, pose, look, which);
  ctx.translate(pose.drag * 14, look.neck + pose.nod + pose.flap * 9);
  ctx.rotate(pose.tilt + pose.drag * 0.4);
  look.head(ctx, pose);
  ctx.restore();
}

/** Striped party hat with a pompom. */
function partyHat(ctx, pose, x, y, turn, colours, dotted) {
  ctx.save();
  ctx.translate(x, y - Math.max(0, pose.flap) * 10);
  ctx.rotate(turn - pose.flap * 0.25);
  const cone = svg('M-36 6 C-20 14 20 14 36 6 L5 -74 Q0 -80 -5 -74 Z');
  paper(ctx, cone, colours[0], { lift: 5, bow: 0.16 });
  ctx.save();
  ctx.clip(cone);
  if (dotted)
    for (const [dx, dy, r] of [
      [-18, -4, 7],
      [10, -10, 7],
      [-6, -30, 6],
      [12, -38, 5],
      [-2, -56, 5],
      [28, 2, 6],
    ])
      paper(ctx, ellipse(dx, dy, r), colours[1], { lift: 1, grain: false });
  else
    for (let k = 0; k < 4; k++)
      paper(
        ctx,
        cut([
          [-44, 2 - k * 26],
          [44, -16 - k * 26],
          [44, -5 - k * 26],
          [-44, 13 - k * 26],
        ]),
        colours[1],
        { lift: 1, grain: false, bow: 0.06 },
      );
  ctx.restore();
  const brim = svg('M-40 4 C-22 15 22 15 40 4 L40 13 C22 24 -22 24 -40 13 Z');
  paper(ctx, brim, colours[2], { lift: 2 });
  ctx.translate(0, -76);
  ctx.rotate(-pose.flap * 1.2 - pose.drag);
  paper(ctx, doily(0, -8, 16, 16, 11, 5), colours[2], { lift: 4 });
  paper(ctx, doily(0, -8, 8, 8, 8, 3), shade(colours[2], 0.4), { lift: 1, grain: false });
  ctx.restore();
}

function crown(ctx, pose, x, y, s) {
  ctx.save();
  ctx.translate(x, y - Math.max(0, pose.flap) * 12);
  ctx.rotate(0.1 - pose.flap * 0.15);
  ctx.scale(s, s);
  paper(ctx, svg('M-40 8 L-46 -34 L-24 -16 L0 -48 L24 -16 L46 -34 L40 8 C22 16 -22 16 -40 8 Z'), '#f0bd58', {
    lift: 5,
    bow: 0.2,
  });
  paper(ctx, svg('M-41 0 C-22 8 22 8 41 0 L40 9 C22 17 -22 17 -40 9 Z'), '#d68f35', { lift: 1 });
  for (const [px, py, c] of [
    [-46, -36, '#e8684a'],
    [0, -50, '#c8365a'],
    [46, -36, '#4f9389'],
  ])
    paper(ctx, ellipse(px, py, 6.5), c, { lift: 2, grain: false });
  paper(ctx, heart(0, -10, 8), '#c8365a', { lift: 1.5, grain: false });
  ctx.restore();
}

const roundFeet =
  (colour, dx = 27, rx = 25) =>
  (ctx) => {
    for (const s of [-1, 1])
      paper(
        ctx,
        svg(
          `M${s * dx - rx} 0 C${s * dx - rx} -22 ${s * dx + rx} -22 ${s * dx + rx} 0 Q${s * dx} 5 ${s * dx - rx} 0 Z`,
        ),
        colour,
        { lift: 3 },
      );
  };

// ---------------------------------------------------------------------------------------------------------------------------- wardrobe

const FOX = '#e9783c';
const fox = {
  shoulder: [40, -122],
  neck: -198,
  back(ctx, pose) {
    ctx.save();
    ctx.translate(-34, -34);
    ctx.rotate(-0.1 + 0.09 * Math.sin(pose.time * 2.8) - pose.flap * 0.9 - pose.drag * 0.6);
    paper(
      ctx,
      svg('M6 20 C-50 34 -104 4 -108 -52 C-110 -92 -92 -112 -70 -132 C-70 -104 -58 -92 -40 -80 C-14 -62 6 -30 6 20 Z'),
      FOX,
      { lift: 6, bow: 0.16 },
    );
    paper(
      ctx,
      svg(
        'M-107 -62 C-108 -94 -92 -112 -70 -132 C-70 -104 -58 -92 -44 -83 C-56 -84 -60 -74 -68 -66 C-76 -76 -84 -66 -90 -56 C-96 -66 -102 -66 -107 -62 Z',
      ),
      '#fff0d8',
      { lift: 2 },
    );
    paper(ctx, svg('M-10 4 C-44 8 -76 -12 -84 -42 C-66 -16 -40 -4 -10 4 Z'), shade(FOX, -0.22), {
      lift: 1,
      grain: false,
    });
    ctx.restore();
  },
  feet: roundFeet('#5e2334'),
  body(ctx) {
    paper(
      ctx,
      svg('M0 -158 C34 -158 58 -92 60 -44 C60 -14 38 -6 0 -6 C-38 -6 -60 -14 -60 -44 C-58 -92 -34 -158 0 -158 Z'),
      FOX,
      { lift: 5 },
    );
    const jumper = svg(
      'M-30 -146 C-12 -136 12 -136 30 -146 C48 -120 58 -84 61 -46 C40 -34 -40 -34 -61 -46 C-58 -84 -48 -120 -30 -146 Z',
    );
    paper(ctx, jumper, '#3f857f', { lift: 3, bow: 0.16 });
    ctx.save();
    ctx.clip(jumper);
    const zigzag = [];
    for (let i = 0; i <= 12; i++) zigzag.push([-72 + i * 12, i % 2 ? -66 : -80]);
    for (let i = 12; i >= 0; i--) zigzag.push([-72 + i * 12, (i % 2 ? -66 : -80) + 13]);
    paper(ctx, cut(zigzag), '#ffe3b0', { lift: 1.5, grain: false });
    paper(ctx, box(-70, -46, 140, 6), '#ffe3b0', { lift: 1, grain: false });
    ctx.restore();
    paper(ctx, svg('M-32 -150 C-14 -136 14 -136 32 -150 L38 -132 C18 -116 -18 -116 -38 -132 Z'), '#ffe3b0', {
      lift: 3,
    });
  },
  arm(ctx) {
    paper(
      ctx,
      svg('M-12 -4 C-8 -14 10 -14 14 -2 C20 18 22 34 20 48 C14 58 0 58 -4 48 C-10 30 -14 14 -12 -4 Z'),
      '#3f857f',
      { lift: 4 },
    );
    paper(ctx, svg('M-6 48 C-6 42 22 42 22 48 C26 66 18 76 8 76 C-2 76 -8 64 -6 48 Z'), '#5e2334', { lift: 2 });
    paper(ctx, box(-8, 42, 31, 9, 4), '#ffe3b0', { lift: 1.5, grain: false });
  },
  head(ctx, pose) {
    for (const s of [-1, 1]) {
      ctx.save();
      ctx.translate(s * 48, -44);
      ctx.rotate(s * (0.1 - pose.flap * 0.9) + 0.02 * Math.sin(pose.time * 2.2));
      paper(ctx, svg(`M${-26} 22 C-24 -14 ${s * 10 - 6} -46 ${s * 18} -62 C${s * 24 + 6} -40 30 -6 26 26 Z`), FOX, {
        lift: 5,
      });
      paper(ctx, svg(`M-13 18 C-11 -6 ${s * 10 - 2} -26 ${s * 15} -40 C${s * 18 + 3} -22 16 0 14 20 Z`), '#5e2334', {
        lift: 1,
      });
      ctx.restore();
    }
    paper(
      ctx,
      svg(
        'M0 -72 C44 -74 70 -44 76 -10 C86 4 96 12 104 22 C82 34 60 54 0 62 C-60 54 -82 34 -104 22 C-96 12 -86 4 -76 -10 C-70 -44 -44 -74 0 -72 Z',
      ),
      FOX,
      { lift: 6, bow: 0.14 },
    );
    for (const s of [-1, 1]) {
      paper(
        ctx,
        svg(
          `M${s * 103} 22 C${s * 80} 8 ${s * 44} -6 ${s * 22} 14 C${s * 12} 24 ${s * 4} 36 0 60 C${s * 60} 53 ${s * 82} 34 ${s * 103} 22 Z`,
        ),
        '#fff0d8',
        { lift: 2.5, bow: 0.08 },
      );
    }
    paper(ctx, svg('M-24 14 C-16 2 16 2 24 14 C30 32 18 52 0 58 C-18 52 -30 32 -24 14 Z'), '#fff0d8', {
      lift: 0,
      grain: false,
      bow: 0,
      edge: 0,
    });
    cheeks(ctx, 60, 22, '#f2a07a', pose, 12);
    eye(ctx, -32, -6, pose);
    eye(ctx, 32, -6, pose);
    mouth(ctx, 0, 36, pose);
    paper(ctx, ellipse(pose.look * 6, 20 + pose.lookY * 2, 11.5, 8.5), INK, { lift: 2, grain: false });
    ctx.fillStyle = 'rgba(255,247,228,.75)';
    ctx.fill(ellipse(pose.look * 6 - 3, 17 + pose.lookY * 2, 3.6, 2));
    partyHat(ctx, pose, 6, -66, 0.13, ['#f0bd58', '#c8365a', '#fff0d8'], false);
  },
};

const BEAR = '#a9683f';
const bear = {
  shoulder: [52, -118],
  neck: -190,
  back(ctx) {
    paper(ctx, ellipse(-58, -34, 17), shade(BEAR, -0.1), { lift: 4 });
  },
  feet: roundFeet(shade(BEAR, -0.25), 32, 31),
  body(ctx) {
    paper(
      ctx,
      svg('M0 -158 C48 -158 76 -100 78 -52 C78 -12 46 -5 0 -5 C-46 -5 -78 -12 -78 -52 C-76 -100 -48 -158 0 -158 Z'),
      BEAR,
      { lift: 5 },
    );
    paper(ctx, ellipse(4, -58, 50, 48), '#e3b27b', { lift: 2 });
    // Waistcoat, open in front.
    for (const s of [-1, 1])
      paper(
        ctx,
        svg(
          `M${s * 18} -152 C${s * 60} -140 ${s * 76} -92 ${s * 79} -50 C${s * 74} -34 ${s * 52} -28 ${s * 34} -30 C${s * 40} -70 ${s * 34} -116 ${s * 12} -140 Z`,
        ),
        '#7b2f58',
        { lift: 4, bow: 0.16 },
      );
    for (const y of [-92, -66]) paper(ctx, ellipse(-50, y, 5), '#f0bd58', { lift: 1.5, grain: false });
    for (const s of [-1, 1])
      paper(
        ctx,
        svg(`M0 -128 C${s * 16} -150 ${s * 40} -148 ${s * 42} -130 C${s * 42} -112 ${s * 16} -110 0 -126 Z`),
        '#f0bd58',
        { lift: 3 },
      );
    paper(ctx, ellipse(0, -128, 9), '#d68f35', { lift: 2 });
  },
  arm(ctx) {
    paper(
      ctx,
      svg('M-16 -6 C-10 -20 14 -18 19 -2 C27 20 28 36 26 52 C22 74 -4 74 -8 52 C-14 30 -18 14 -16 -6 Z'),
      BEAR,
      { lift: 4 },
    );
    paper(ctx, ellipse(9, 56, 10, 9), '#e3b27b', { lift: 0.8, grain: false });
  },
  head(ctx, pose) {
    for (const s of [-1, 1]) {
      ctx.save();
      ctx.translate(s * 58, -48);
      ctx.rotate(s * -pose.flap * 0.5);
      paper(ctx, ellipse(0, 0, 28), BEAR, { lift: 5 });
      paper(ctx, ellipse(-s * 2, 3, 16), '#e3a27b', { lift: 1 });
      ctx.restore();
    }
    paper(
      ctx,
      svg('M0 -72 C50 -72 84 -38 86 2 C88 40 54 64 0 64 C-54 64 -88 40 -86 2 C-84 -38 -50 -72 0 -72 Z'),
      BEAR,
      { lift: 6, bow: 0.14 },
    );
    cheeks(ctx, 56, 24, '#d9785c', pose, 14);
    paper(ctx, ellipse(pose.look * 5, 26, 39, 31), '#f0cf9e', { lift: 2.5, bow: 0.06 });
    eye(ctx, -33, -8, pose);
    eye(ctx, 33, -8, pose);
    mouth(ctx, 2, 31, pose);
    paper(ctx, ellipse(pose.look * 7, 11 + pose.lookY * 2, 14, 10), INK, { lift: 2, grain: false });
    ctx.fillStyle = 'rgba(255,247,228,.75)';
    ctx.fill(ellipse(pose.look * 7 - 4, 8 + pose.lookY * 2, 4, 2.2));
    partyHat(ctx, pose, -4, -68, -0.1, ['#4f9389', '#ffe3b0', '#e8684a'], true);
  },
};

const RABBIT = '#fbeadb';
const rabbit = {
  shoulder: [38, -120],
  neck: -188,
  back(ctx, pose) {
    ctx.save();
    ctx.translate(-54, -36);
    ctx.rotate(0.08 * Math.sin(pose.time * 6) - pose.flap);
    paper(ctx, doily(0, 0, 23, 23, 9, 6), '#fff6ea', { lift: 4 });
    ctx.restore();
  },
  feet: roundFeet('#f3d9c6', 25, 27),
  body(ctx, pose) {
    paper(
      ctx,
      svg('M0 -150 C32 -150 52 -92 54 -44 C54 -12 34 -6 0 -6 C-34 -6 -54 -12 -54 -44 C-52 -92 -32 -150 0 -150 Z'),
      RABBIT,
      { lift: 5 },
    );
    // A frock that swings.
    const w = pose.drag * 18;
    const frock = svg(
      `M-28 -142 C-10 -132 10 -132 28 -142 C44 -116 ${(58 + w).toFixed(1)} -70 ${(72 + w).toFixed(1)} -30 Q${(58 + w).toFixed(1)} -16 ${(44 + w).toFixed(1)} -24 Q${(28 + w).toFixed(1)} -12 ${(14 + w).toFixed(1)} -21 Q${w.toFixed(1)} -10 ${(-14 + w).toFixed(1)} -21 Q${(-28 + w).toFixed(1)} -12 ${(-44 + w).toFixed(1)} -24 Q${(-58 + w).toFixed(1)} -16 ${(-72 + w).toFixed(1)} -30 C-58 -70 -44 -116 -28 -142 Z`,
    );
    paper(ctx, frock, '#d8465c', { lift: 4, bow: 0.16 });
    for (const [x, y] of [
      [-34, -56],
      [-6, -44],
      [24, -58],
      [44, -40],
      [-52, -38],
      [8, -80],
      [-20, -88],
      [20, -104],
    ])
      paper(ctx, ellipse(x + w * 0.6, y, 5), '#ffd9a8', { lift: 1, grain: false });
    for (const s of [-1, 1])
      paper(
        ctx,
        svg(`M0 -134 C${s * 8} -146 ${s * 26} -150 ${s * 36} -142 C${s * 40} -124 ${s * 20} -110 ${s * 4} -116 Z`),
        '#fff6ea',
        { lift: 3 },
      );
    paper(ctx, ellipse(0, -130, 6), '#f0bd58', { lift: 2, grain: false });
  },
  arm(ctx) {
    paper(
      ctx,
      svg('M-10 -4 C-6 -12 8 -12 12 -2 C18 16 21 34 20 50 C18 68 -2 68 -4 50 C-6 32 -12 14 -10 -4 Z'),
      RABBIT,
      { lift: 4 },
    );
    paper(ctx, svg('M-14 -6 C-8 -18 12 -16 17 -2 C22 10 22 16 20 24 Q4 32 -10 24 C-16 12 -16 4 -14 -6 Z'), '#d8465c', {
      lift: 2,
    });
  },
  head(ctx, pose) {
    for (const s of [-1, 1]) {
      ctx.save();
      ctx.translate(s * 34, -50);
      ctx.rotate(s * (0.2 + pose.flap * -0.5) - pose.drag * 0.7 + 0.03 * Math.sin(pose.time * 2 + s));
      paper(ctx, svg('M-17 16 C-28 -26 -22 -84 0 -98 C22 -84 28 -26 17 16 Z'), RABBIT, { lift: 5 });
      paper(ctx, svg('M-9 6 C-15 -24 -12 -66 0 -80 C12 -66 15 -24 9 6 Z'), '#f3a6a0', { lift: 1 });
      if (s > 0) {
        // One ear tip is folded over.
        ctx.translate(2, -62);
        ctx.rotate(pose.flap * 1.4 + 0.06 * Math.sin(pose.time * 2.6));
        paper(ctx, svg('M-24 6 C-16 -38 14 -44 34 -6 C40 12 38 26 30 34 C24 20 6 6 -24 6 Z'), '#fff6ea', { lift: 4 });
      }
      ctx.restore();
    }
    paper(
      ctx,
      svg('M0 -66 C46 -66 76 -36 78 2 C80 38 48 60 0 60 C-48 60 -80 38 -78 2 C-76 -36 -46 -66 0 -66 Z'),
      RABBIT,
      { lift: 6, bow: 0.1 },
    );
    cheeks(ctx, 52, 20, '#f5a79c', pose, 15);
    eye(ctx, -31, -4, pose);
    eye(ctx, 31, -4, pose);
    paper(ctx, ellipse(pose.look * 6, 15 + pose.lookY * 2, 7.5, 5.6), '#d8465c', { lift: 1.5, grain: false });
    mouth(ctx, 2, 25, pose, 0.92);
    if (pose.mouth > 0.2 && pose.round < 0.4)
      paper(ctx, box(pose.look * 4 - 4, 26 + pose.lookY * 2, 12, 8, 2), '#fffaf0', { lift: 0, grain: false, edge: 0 });
    crown(ctx, pose, 0, -58, 0.82);
  },
};

const PENGUIN = '#4c78a8';
const penguin = {
  shoulder: [58, -128],
  neck: -166,
  back(ctx) {
    paper(ctx, svg('M-40 -30 C-62 -24 -78 -10 -86 -2 C-66 2 -44 0 -30 -8 Z'), shade(PENGUIN, -0.25), { lift: 3 });
  },
  feet(ctx) {
    for (const s of [-1, 1])
      paper(
        ctx,
        svg(
          `M${s * 28 - 26} 1 C${s * 28 - 24} -16 ${s * 28 + 24} -16 ${s * 28 + 28} 1 Q${s * 28 + 18} 6 ${s * 28 + 10} 1 Q${s * 28} 7 ${s * 28 - 9} 1 Q${s * 28 - 18} 6 ${s * 28 - 26} 1 Z`,
        ),
        '#f0a040',
        { lift: 3 },
      );
  },
  body(ctx) {
    paper(
      ctx,
      svg('M0 -196 C58 -190 84 -120 82 -62 C80 -16 46 -5 0 -5 C-46 -5 -80 -16 -82 -62 C-84 -120 -58 -190 0 -196 Z'),
      PENGUIN,
      { lift: 5, bow: 0.18 },
    );
    paper(
      ctx,
      svg('M4 -150 C44 -146 62 -104 60 -60 C58 -22 34 -10 4 -10 C-30 -10 -54 -22 -54 -60 C-56 -104 -36 -146 4 -150 Z'),
      '#fff3e2',
      { lift: 2.5, bow: 0.08 },
    );
    paper(ctx, heart(36, -74, 8), '#d8465c', { lift: 1, grain: false });
  },
  arm(ctx) {
    paper(
      ctx,
      svg('M-14 -8 C-4 -20 16 -14 20 4 C28 34 28 58 18 80 C12 86 6 84 4 76 C-6 50 -18 20 -14 -8 Z'),
      shade(PENGUIN, -0.1),
      { lift: 4, bow: 0.16 },
    );
  },
  head(ctx, pose) {
    // Tuft, then the head, the face mask and the scarf below.
    ctx.save();
    paper(
      ctx,
      svg('M0 -86 C54 -86 84 -48 82 -6 C80 34 48 52 0 52 C-48 52 -80 34 -82 -6 C-84 -48 -54 -86 0 -86 Z'),
      PENGUIN,
      { lift: 6, bow: 0.18 },
    );
    paper(
      ctx,
      svg('M4 -34 C18 -62 62 -58 66 -16 C68 24 40 44 4 44 C-34 44 -62 24 -60 -16 C-58 -58 -12 -62 4 -34 Z'),
      '#fff3e2',
      { lift: 2.5, bow: 0.06 },
    );
    ctx.restore();
    cheeks(ctx, 42, 14, '#f5a79c', pose, 13);
    eye(ctx, -28, -14, pose);
    eye(ctx, 32, -14, pose);
    const open = lerp(pose.mouth, pose.mouth * 0.6, pose.round) * 15;
    const bx = pose.look * 7 + 2;
    const by = 8 + pose.lookY * 2;
    if (open > 1.5) {
      const lower = svg(`M${-15} 2 Q0 ${(open * 1.5 + 8).toFixed(1)} 15 2 Z`);
      ctx.save();
      ctx.translate(bx, by);
      paper(ctx, lower, '#7a1c3c', { lift: 0, grain: false, edge: 0 });
      paper(
        ctx,
        svg(
          `M-13 ${(open * 0.5 + 2).toFixed(1)} Q0 ${(open * 0.8).toFixed(1)} 13 ${(open * 0.5 + 2).toFixed(1)} Q0 ${(open * 1.7 + 9).toFixed(1)} -13 ${(open * 0.5 + 2).toFixed(1)} Z`,
        ),
        '#d97c2c',
        { lift: 1, grain: false },
      );
      ctx.restore();
    }
    ctx.save();
    ctx.translate(bx, by);
    paper(ctx, svg('M-20 0 C-14 -14 14 -14 22 0 C14 8 -12 8 -20 0 Z'), '#f0a040', { lift: 2 });
    ctx.restore();
    // Scarf.
    ctx.save();
    ctx.translate(34, 52);
    ctx.rotate(-0.12 - pose.flap * 1.1 - pose.drag + 0.05 * Math.sin(pose.time * 2.4));
    paper(ctx, svg('M-12 -6 L14 -6 L20 50 L-12 54 Z'), '#b62d49', { lift: 4 });
    for (const y of [14, 30]) paper(ctx, box(-12, y, 30, 7), '#ffe3b0', { lift: 0.8, grain: false });
    for (const x of [-8, 0, 8, 16])
      paper(ctx, box(x - 3, 50, 4, 11, 1), '#d8465c', { lift: 1, grain: false, edge: 0.2 });
    ctx.restore();
    paper(
      ctx,
      svg('M-70 34 C-40 54 40 54 70 34 C76 44 76 54 70 62 C40 78 -40 78 -70 62 C-76 54 -76 44 -70 34 Z'),
      '#d8465c',
      { lift: 4, bow: 0.14 },
    );
    for (const x of [-48, -16, 16, 48])
      paper(ctx, ellipse(x, 58 - (x / 70) ** 2 * 7, 4.6), '#ffe3b0', { lift: 0.8, grain: false });
    crown(ctx, pose, 0, -80, 0.92);
  },
};

export const PLAYERS = {
  fox: ['host', fox],
  bear: ['host', bear],
  rabbit: ['guest', rabbit],
  penguin: ['guest', penguin],
};

// ------------------------------------------------------------------------------------------------------------------------------- light

const sheets = new Map();

/** The light of the hour: lamps down but for the candles on the side of the cake; then the flash of the confetti. */
function relight(c, role, t) {
  const { x, y, width, height } = REGION[role];
  c.globalCompositeOperation = 'source-atop';
  const [down, warm, flash] = [dim(t), glow(t), joy(t)];
  if (down > 0) {
    const [inner, outer] =
      role === 'host' ? [x + width * 0.92, x + width * 0.12] : [x + width * 0.08, x + width * 0.88];
    const g = c.createLinearGradient(inner, 0, outer, 0);
    g.addColorStop(0, veil(mix('#180024', '#ff9c3c', warm), down * lerp(0.42, 0.24, warm)));
    g.addColorStop(0.35, veil(mix('#180024', '#c8502c', warm), down * lerp(0.42, 0.2, warm)));
    g.addColorStop(1, `rgba(24,0,36,${down * 0.46})`);
    c.fillStyle = g;
    c.fillRect(x, y, width, height);
  }
  if (flash > 0) {
    c.fillStyle = `rgba(255,226,170,${0.16 * flash})`;
    c.fillRect(x, y, width, height);
  }
}

/** Draws a player in the coordinates of the stage; `ctx` is a canvas of its own or the whole picture. */
export function drawPlayer(ctx, who, t) {
  const [role, look] = PLAYERS[who];
  const pose = { ...act(role, t), time: t };
  const { x, y, width, height } = REGION[role];
  if (!sheets.has(role)) sheets.set(role, createCanvas(width, height));
  const sheet = sheets.get(role);
  const c = sheet.getContext('2d');
  c.reset();
  c.translate(-x, -y);
  c.save();
  c.translate(pose.x, FLOOR + (role === 'host' ? 2 : 0) - pose.y);
  if (role === 'guest') c.scale(-1, 1);
  puppet(c, look, pose);
  c.restore();
  relight(c, role, t);
  // Shadow on the boards.
  const near = 1 - clamp(pose.y / 110) * 0.5;
  ctx.save();
  ctx.translate(pose.x + 8, FLOOR + 4);
  ctx.scale(1, 0.17);
  const s = ctx.createRadialGradient(0, 0, 10, 0, 0, 96 * near);
  s.addColorStop(0, `rgba(30,4,30,${0.55 * near})`);
  s.addColorStop(0.6, `rgba(30,4,30,${0.34 * near})`);
  s.addColorStop(1, 'rgba(30,4,30,0)');
  ctx.fillStyle = s;
  ctx.beginPath();
  ctx.arc(0, 0, 96, 0, TAU);
  ctx.fill();
  ctx.restore();
  ctx.drawImage(sheet, x, y);
}
