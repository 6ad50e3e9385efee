/**
 * Who gets the letter: a fox-squirrel in a long scarf, or a penguin in a woolly hat. They are drawn looking to the right and turned
 * round on the stage; `act` is the part that both play.
 */

import { cheek, evening, eye, footprint, mouth } from './face.mjs';
import {
  blink,
  clamp,
  ease,
  ellipse,
  form,
  hop,
  jolt,
  limb,
  mix,
  part,
  path,
  talk,
  vertical,
  within,
} from './paint.mjs';
import { CATCH, camera, flash, focus, OPEN, RECEIVER, REPLY, receiverHands, TOSS, wonder } from './story.mjs';

function act(t) {
  const cold = 1 - ease.soft(part(t, 0.5, 0.9));
  const jumps =
    0.45 * hop(t, 0.55, 0.34) +
    0.3 * hop(t, 2.05, 0.26) +
    0.34 * hop(t, 2.33, 0.26) +
    0.55 * hop(t, CATCH + 0.12, 0.32) +
    0.9 * hop(t, OPEN + 0.2, 0.44) +
    0.4 * hop(t, OPEN + 0.66, 0.3) +
    0.5 * hop(t, 9.34, 0.34);
  const awe = ease.back(part(t, OPEN, OPEN + 0.35));
  const eyes = focus(t);
  const down =
    part(t, CATCH + 0.2, CATCH + 0.4) * (1 - part(t, REPLY.start + 0.7, REPLY.start + 0.9)) +
    part(t, 5.3, 5.45) * (1 - part(t, OPEN + 0.3, OPEN + 0.4));
  const end = ease.soft(part(t, 9.1, 9.4));
  return {
    x: RECEIVER.x + camera(t) + 5 + 1.3 * Math.sin(t * 46) * cold,
    y: RECEIVER.y - 34 * jumps,
    jumps,
    lean:
      0.05 * part(t, 2.8, 3.3) * (1 - part(t, CATCH, CATCH + 0.1)) -
      0.13 * jolt(t, CATCH - 0.02, 0.7, 1.5) -
      0.07 * awe * (1 - end) +
      0.022 * Math.sin(t * 2.3 + 1) +
      0.04 * part(t, 5.2, 5.5) * (1 - part(t, OPEN - 0.05, OPEN)),
    stretch:
      0.018 * Math.sin(t * 3.8) +
      0.07 * jumps -
      0.1 * jolt(t, CATCH, 0.6) -
      0.1 * jolt(t, 0.87, 0.5) -
      0.11 * jolt(t, OPEN + 0.62, 0.6) -
      0.09 * hop(t, OPEN - 0.16, 0.2) -
      0.06 * jolt(t, 9.68, 0.3),
    head:
      0.05 * Math.sin(t * 2.4) -
      0.09 * part(t, TOSS, TOSS + 0.2) * (1 - part(t, CATCH - 0.05, CATCH + 0.1)) +
      0.13 * down * (1 - awe) -
      0.2 * awe * (1 - end) -
      0.06 * end +
      0.04 * Math.sin(t * 12.5) * part(t, REPLY.start, REPLY.start + 0.1) * (1 - part(t, REPLY.end - 0.15, REPLY.end)),
    look: {
      x: t < 0.45 ? 0.2 : clamp((RECEIVER.x - eyes.x) / 170, -0.3, 1) * (1 - end),
      y:
        t < 0.5
          ? 0
          : clamp((eyes.y - (RECEIVER.y - 130)) / 120, -1, 1) * (1 - end) * (1 - down) + 0.9 * down * (1 - end),
    },
    shut: Math.max(blink(t, [0.3, 1.2, 2.75, 4.5, 7.1, 8.3]), 0.35 * cold),
    joy: (t > 2 && t < 2.6) || (t > CATCH + 0.1 && t < CATCH + 0.55) || t > 9.22 ? 1 : 0,
    mouth: Math.max(
      talk(t, REPLY.start, REPLY.end),
      0.4 * part(t, TOSS, TOSS + 0.15) * (1 - part(t, CATCH, CATCH + 0.15)),
      0.85 * part(t, OPEN, OPEN + 0.1) * (1 - 0.75 * ease.soft(part(t, OPEN + 1, OPEN + 1.7))),
      0.6 * part(t, 9.2, 9.35),
    ),
    perk: ease.back(part(t, 0.5, 0.75)) + 0.5 * jumps,
    sway:
      Math.sin(t * 2.6) +
      3 * jolt(t, 0.55, 1.1, 3) +
      2.5 * jolt(t, CATCH, 1.2, 3) +
      3 * jolt(t, OPEN + 0.2, 1.6, 4) +
      0.7 * Math.sin(t * 9) * (part(t, 1.9, 2.1) * (1 - part(t, 2.6, 2.9)) + end),
    wave: end,
  };
}

/** Both paws in the animal's own units (mirrored, leaning): around the letter, or clasped while there is none. */
function pawsOf(p, t, scale) {
  const own = (x, y) => {
    const dx = -(x - p.x) / scale;
    const dy = (y - p.y) / scale;
    const c = Math.cos(-p.lean);
    const s = Math.sin(-p.lean);
    return { x: (dx * c - dy * s) / (1 - p.stretch * 0.8), y: (dx * s + dy * c) / (1 + p.stretch) };
  };
  const h = receiverHands(t);
  const rub = 3 * Math.sin(t * 19) * (1 - part(t, 0.4, 0.6));
  const grip = ease.soft(part(t, CATCH - 0.04, CATCH + 0.05));
  const reach = ease.soft(part(t, 2.75, 3.15)) * (1 - grip);
  const near = own(h.x + mix(mix(7, 20, grip), 20, reach), h.y + 4 + rub * (1 - grip) - 12 * reach);
  const far = own(h.x + mix(0, -27, grip) - 16 * reach, h.y + 2 - rub * (1 - grip) + 4 * reach);
  const up = ease.back(part(t, OPEN + 0.18, OPEN + 0.5)) * (1 - ease.soft(part(t, 6.7, 7.2)));
  const lift = Math.max(up, 0) * 0.85;
  const bye = ease.back(part(t, 9.15, 9.45));
  const wave = own(p.x + 58 + 8 * Math.sin(t * 14), p.y - 126);
  return { near: { x: mix(near.x, wave.x, bye), y: mix(near.y - 30 * lift, wave.y, bye) }, far };
}

function stage(ctx, p, scale, draw) {
  footprint(ctx, p.x + 6, RECEIVER.y + 2, 72 - 14 * p.jumps, 12, 0.58 - 0.2 * p.jumps);
  within(ctx, () => {
    ctx.translate(p.x, p.y);
    ctx.scale(-scale, scale);
    ctx.rotate(p.lean);
    ctx.scale(1 - p.stretch * 0.8, 1 + p.stretch);
    draw();
  });
}

const light = (ctx, t) =>
  evening(ctx, { x0: 640, x1: 400, warmX: 400, light: { x: 440, y: 345 }, power: flash(t) + 0.55 * wonder(t) });

/** A ribbon that hangs and blows: a scarf's end. */
function ribbon(ctx, x, y, long, wide, wave, colour, stripe) {
  const edge = (k, side) => {
    const px = x - long * k * 0.94;
    const py = y + 7 * Math.sin(k * 4.2 - wave) * k + 30 * k * k + side * wide * (0.5 + 0.14 * k);
    return [px, py];
  };
  const steps = [0, 0.2, 0.4, 0.6, 0.8, 1];
  const outline = (from, to) => {
    const ks = steps.map((k) => mix(from, to, k));
    return path(
      `M${ks.map((k) => edge(k, -1).join(' ')).join('L')}L${ks
        .reverse()
        .map((k) => edge(k, 1).join(' '))
        .join('L')}Z`,
    );
  };
  form(ctx, outline(0, 1), colour, { dx: 4, dy: -4 });
  ctx.fillStyle = stripe;
  ctx.fill(outline(0.58, 0.67));
  ctx.fill(outline(0.76, 0.85));
  ctx.strokeStyle = colour;
  ctx.lineWidth = 4;
  ctx.lineCap = 'round';
  for (const s of [-0.8, 0, 0.8]) {
    const [ax, ay] = edge(1, s);
    ctx.stroke(path(`M${ax} ${ay} l-9 ${3 + 2 * Math.sin(wave + s)}`));
  }
}

export function squirrel(ctx, t) {
  const p = act(t);
  const scale = 0.97;
  stage(ctx, p, scale, () => {
    const { near, far } = pawsOf(p, t, scale);
    const fur = vertical(ctx, -190, -10, '#f7923f', '#e8702f', '#c4532f');
    // The tail: a great brush with a light tip, following late.
    within(ctx, () => {
      ctx.translate(-30, -22);
      ctx.rotate(-0.05 + 0.045 * p.sway);
      const curl = 5 * p.sway;
      const brush = path(
        `M8 10 C-40 22 -82 -2 -84 -50 C-86 -88 -62 -104 -66 -132 C-68 -146 -78 -150 ${-84 + curl} -158 C${-50 + curl} -182 ${-10 + curl} -160 ${-8 + curl} -122 C${-6 + curl} -88 -34 -76 -30 -46 C-28 -30 -10 -26 10 -24Z`,
      );
      form(ctx, brush, vertical(ctx, -170, 10, '#fff0d8', '#fbc98a', '#ef7c35', '#d9602e', '#b44a30'), {
        dx: 14,
        dy: -8,
      });
      ctx.strokeStyle = 'rgba(150,52,40,0.35)';
      ctx.lineWidth = 3;
      ctx.lineCap = 'round';
      ctx.stroke(
        path(
          `M-58 -20 Q-66 -50 -54 -74 M-44 -8 Q-52 -36 -44 -58 M${-46 + curl * 0.6} -104 Q${-42 + curl} -124 ${-50 + curl} -140 M-70 -46 Q-72 -62 -64 -78`,
        ),
      );
    });
    // Feet, body, belly.
    ribbon(ctx, -22, -88, 62, 20, t * 5 + p.sway * 0.5, '#2aa79b', '#fff0d0');
    for (const x of [-22, 24])
      form(
        ctx,
        path(
          `M${x - 18} -10 Q${x - 16} -20 ${x + 2} -18 Q${x + 28} -14 ${x + 26} -3 Q${x + 24} 1 ${x - 14} 1 Q${x - 22} 0 ${x - 18} -10Z`,
        ),
        '#a8452f',
        { dx: 5, dy: -4 },
      );
    limb(ctx, { x: 28, y: -72 }, far, -10, 19, '#cd5a2e', '#8e3b33', null);
    form(ctx, path('M-28 -92 C-48 -70 -56 -40 -46 -18 Q-40 -6 0 -6 Q42 -6 46 -20 C54 -44 46 -72 30 -92Z'), fur, {
      dx: 11,
      dy: -7,
    });
    ctx.fillStyle = '#ffe9cc';
    ctx.fill(path('M4 -84 C-12 -66 -14 -36 -4 -14 Q22 -6 38 -18 C46 -44 40 -70 26 -86Z'));
    // Head.
    within(ctx, () => {
      ctx.translate(2, -92);
      ctx.rotate(p.head);
      ctx.translate(-2, 92);
      const lx = p.look.x * 4.5;
      const ly = p.look.y * 4.5;
      const ear = (x, y, turn, far) =>
        within(ctx, () => {
          ctx.translate(x, y);
          ctx.rotate(turn + 0.03 * p.sway);
          ctx.scale(1, 0.86 + 0.14 * p.perk);
          form(ctx, path('M-15 8 C-20 -18 -14 -36 -3 -52 C4 -38 18 -22 16 8Z'), far ? '#d5622d' : '#ef7f37', {
            dx: 5,
            dy: -4,
          });
          ctx.fillStyle = '#ffcdb0';
          ctx.fill(path('M-7 6 C-10 -14 -6 -26 -2 -34 C4 -24 10 -12 9 6Z'));
          ctx.fillStyle = '#7a2f35';
          ctx.fill(path('M-9 -34 Q-9 -52 -5 -66 Q2 -58 6 -36 Q-1 -42 -9 -34Z'));
        });
      ear(-32, -148, -0.34, 0);
      ear(38, -150, 0.32, 1);
      form(
        ctx,
        path(
          'M0 -168 C34 -168 58 -148 60 -120 C68 -112 74 -104 72 -98 C66 -98 62 -96 58 -94 C50 -80 28 -74 4 -74 C-22 -74 -42 -82 -50 -96 C-58 -96 -64 -96 -68 -94 C-70 -104 -64 -112 -58 -120 C-56 -150 -32 -168 0 -168Z',
        ),
        fur,
        { dx: 10, dy: -8 },
      );
      // Cream mask of the fox.
      ctx.fillStyle = '#fff1dc';
      ctx.fill(
        path(
          `M${14 + lx} ${-118 + ly} C${2 + lx} ${-104 + ly} -24 -106 -58 -102 C-50 -84 -26 -76 4 -76 C30 -76 50 -82 58 -96 C54 -106 ${28 + lx} ${-104 + ly} ${14 + lx} ${-118 + ly}Z`,
        ),
      );
      ctx.fillStyle = 'rgba(255,190,120,0.6)';
      ctx.fill(ellipse(14 + lx, -148 + ly, 7, 14, 0.1));
      cheek(ctx, -26 + lx, -104 + ly, 15);
      cheek(ctx, 46 + lx, -104 + ly, 12);
      mouth(ctx, 16 + lx, -97 + ly, 8.5, p.mouth * 0.92);
      ctx.fillStyle = '#33202f';
      ctx.fill(
        path(
          `M${8 + lx} ${-111 + ly} Q${16 + lx} ${-116 + ly} ${24 + lx} ${-111 + ly} Q${22 + lx} ${-102 + ly} ${16 + lx} ${-101 + ly} Q${10 + lx} ${-102 + ly} ${8 + lx} ${-111 + ly}Z`,
        ),
      );
      ctx.fillStyle = 'rgba(255,255,255,0.8)';
      ctx.fill(ellipse(18 + lx, -111 + ly, 2.8, 1.6));
      eye(ctx, -14 + lx, -124 + ly, 9.2, p);
      eye(ctx, 40 + lx, -124 + ly, 8.4, p);
      // A tuft of hair.
      form(
        ctx,
        path(
          `M-10 -162 Q-6 -182 ${6 + 2 * p.sway} -186 Q4 -176 8 -174 Q14 -182 ${24 + 2 * p.sway} -182 Q16 -170 18 -160Z`,
        ),
        '#f7923f',
        { dx: 3, dy: -3 },
      );
    });
    // Scarf around the neck.
    form(ctx, path('M-40 -94 Q-44 -84 -36 -74 Q2 -56 44 -72 Q52 -82 46 -94 Q4 -72 -40 -94Z'), '#2fb5a6', {
      dx: 8,
      dy: -5,
    });
    ctx.fillStyle = '#fff0d0';
    ctx.fill(path('M14 -80 Q22 -81 28 -82.500 L32 -66 Q24 -63.500 17 -63Z'));
    limb(ctx, { x: -26, y: -70 }, near, -12, 20, '#ee7b34', '#ad4730');
    for (const hand of [far, near]) form(ctx, ellipse(hand.x, hand.y, 11.5), '#8e3b33', { dx: 3, dy: -3 });
  });
  light(ctx, t);
}

export function penguin(ctx, t) {
  const p = act(t);
  const scale = 0.96;
  stage(ctx, p, scale, () => {
    const { near, far } = pawsOf(p, t, scale);
    const coat = vertical(ctx, -170, 0, '#39509c', '#2a3a80', '#1f2a63');
    const foot = (x, turn) =>
      within(ctx, () => {
        ctx.translate(x, -6);
        ctx.rotate(turn);
        form(
          ctx,
          path('M-18 0 Q-16 -12 4 -11 Q26 -11 32 -3 Q30 3 24 2 Q20 8 14 4 Q8 9 2 4 Q-8 8 -14 4 Q-20 4 -18 0Z'),
          '#ff9a3c',
          { dx: 4, dy: -3 },
        );
      });
    const patter = 0.16 * Math.sin(t * 16) * (1 - part(t, 0.4, 0.7));
    foot(-30, Math.max(0, patter) * -1 + 0.02 * p.sway);
    foot(26, Math.min(0, patter) - 0.02 * p.sway);
    // Tail and far flipper.
    form(ctx, path(`M-50 -30 Q-76 ${-18 + 2 * p.sway} -84 ${-4 + 3 * p.sway} Q-62 -2 -44 -10Z`), '#22306b', {
      dx: 4,
      dy: -3,
    });
    limb(ctx, { x: 44, y: -74 }, far, -10, 22, '#243270', '#172150', null);
    // Body: one egg from crown to feet; the white front on it.
    const egg = path(
      'M2 -166 C44 -166 60 -134 62 -104 C64 -88 72 -68 72 -46 C72 -16 46 -4 2 -4 C-42 -4 -66 -16 -66 -46 C-66 -68 -60 -88 -58 -104 C-56 -134 -38 -166 2 -166Z',
    );
    form(ctx, egg, coat, { dx: 14, dy: -8, shade: 'rgba(12,16,64,0.35)', rim: 'rgba(255,220,160,0.9)' });
    ctx.fillStyle = vertical(ctx, -90, -8, '#ffffff', '#f3ecf2', '#c9d3ee');
    ctx.fill(
      path('M14 -88 C-16 -88 -34 -66 -34 -42 C-34 -18 -14 -10 14 -10 C44 -10 62 -20 62 -44 C62 -68 46 -88 14 -88Z'),
    );
    within(ctx, () => {
      ctx.translate(4, -92);
      ctx.rotate(p.head * 0.85);
      ctx.translate(-4, 92);
      const lx = p.look.x * 4.5;
      const ly = p.look.y * 4.5;
      // The head turns over the body: the same navy, so that no neck shows.
      ctx.fillStyle = '#31458f';
      ctx.fill(ellipse(2, -114, 59, 51));
      form(
        ctx,
        path(
          'M2 -166 C42 -166 61 -140 61 -112 C61 -84 40 -74 2 -74 C-38 -74 -57 -84 -57 -112 C-57 -140 -38 -166 2 -166Z',
        ),
        vertical(ctx, -166, -70, '#3d55a6', '#2f4290'),
        { dx: 9, dy: -9, shade: 'rgba(12,16,64,0.3)' },
      );
      // Heart-shaped face.
      ctx.fillStyle = '#ffffff';
      ctx.fill(
        path(
          `M${14 + lx} ${-136 + ly} C${4 + lx} ${-152 + ly} ${-36 + lx} ${-150 + ly} ${-38 + lx} ${-118 + ly} C${-38 + lx} ${-92 + ly} ${-10 + lx} ${-78 + ly} ${14 + lx} ${-77 + ly} C${38 + lx} ${-78 + ly} ${56 + lx * 0.5} ${-92 + ly} ${56 + lx * 0.5} ${-116 + ly} C${56 + lx * 0.5} ${-148 + ly} ${24 + lx} ${-152 + ly} ${14 + lx} ${-136 + ly}Z`,
        ),
      );
      cheek(ctx, -22 + lx, -98 + ly, 15);
      cheek(ctx, 46 + lx, -100 + ly, 12);
      // Beak: the lower half drops when it speaks.
      const gape = 15 * clamp(p.mouth);
      ctx.fillStyle = '#8f2a36';
      ctx.fill(path(`M${4 + lx} ${-108 + ly} Q${18 + lx} ${-100 + ly + gape} ${32 + lx} ${-108 + ly}Z`));
      form(
        ctx,
        path(
          `M${4 + lx} ${-107 + ly} Q${17 + lx} ${-101 + ly + gape} ${31 + lx} ${-107 + ly} Q${26 + lx} ${-92 + ly + gape} ${17 + lx} ${-91 + ly + gape} Q${8 + lx} ${-92 + ly + gape} ${4 + lx} ${-107 + ly}Z`,
        ),
        '#e27a2c',
        { dx: 2, dy: -2, rim: null },
      );
      if (gape > 2.5) {
        ctx.fillStyle = '#f08a86';
        ctx.fill(ellipse(17 + lx, -102 + ly + gape * 0.5, 6.5, gape * 0.22));
      }
      form(
        ctx,
        path(
          `M${-2 + lx} ${-106 + ly} Q${4 + lx} ${-120 + ly} ${18 + lx} ${-121 + ly} Q${34 + lx} ${-119 + ly} ${40 + lx} ${-104 + ly} Q${18 + lx} ${-98 + ly} ${-2 + lx} ${-106 + ly}Z`,
        ),
        '#ffae42',
        { dx: 3, dy: -3 },
      );
      eye(ctx, -14 + lx, -120 + ly, 9, p);
      eye(ctx, 42 + lx * 0.8, -121 + ly, 8.2, p);
      // Woolly hat: ribs, a zigzag row, a pompom on a short leash.
      within(ctx, () => {
        ctx.translate(0, -5 * p.jumps);
        ctx.rotate(-0.04);
        const px = -4 - 4 * p.sway;
        form(ctx, ellipse(px, -212 + Math.abs(p.sway), 19), '#fff8ec', {
          dx: 5,
          dy: -5,
          shade: 'rgba(150,110,150,0.35)',
        });
        const wool = path('M-54 -146 C-54 -186 -30 -202 0 -202 C32 -202 60 -186 60 -146Z');
        form(ctx, wool, vertical(ctx, -204, -144, '#f7665e', '#d93b4c'), { dx: 10, dy: -7 });
        within(ctx, () => {
          ctx.clip(wool);
          ctx.strokeStyle = '#ffe8b8';
          ctx.lineWidth = 6;
          ctx.lineJoin = 'round';
          ctx.stroke(
            path('M-62 -160 L-48 -174 L-34 -160 L-20 -174 L-6 -160 L8 -174 L22 -160 L36 -174 L50 -160 L64 -174'),
          );
          ctx.strokeStyle = 'rgba(140,20,50,0.25)';
          ctx.lineWidth = 2;
          for (let i = -3; i <= 3; i++) ctx.stroke(path(`M${i * 7} -202 Q${i * 17} -180 ${i * 18} -146`));
        });
        form(ctx, path('M-60 -150 Q0 -166 66 -150 Q72 -140 65 -131 Q2 -147 -59 -131 Q-67 -140 -60 -150Z'), '#fff3df', {
          dx: 7,
          dy: -4,
          shade: 'rgba(150,110,150,0.3)',
        });
        ctx.strokeStyle = 'rgba(190,150,150,0.55)';
        ctx.lineWidth = 2;
        for (let i = -4; i <= 5; i++) ctx.stroke(path(`M${i * 12 - 3} ${-155 + i * i * 0.32} l-1 13`));
      });
    });
    limb(ctx, { x: -48, y: -74 }, near, -14, 24, '#33489a', '#1c2762');
    for (const hand of [far, near]) form(ctx, ellipse(hand.x, hand.y, 13), '#ffc64a', { dx: 4, dy: -4 });
  });
  light(ctx, t);
}
