/**
 * Who brings the letter: a round snow bear, or a tall reindeer. Both come on skis with the mail sledge behind them, and act the same part
 * (`act`), each in its own body.
 */

import { cheek, evening, eye, footprint, mouth } from './face.mjs';
import {
  blink,
  blob,
  chance,
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
  star,
  talk,
  track,
  vertical,
  within,
} from './paint.mjs';
import { ARRIVE, CALL, camera, flash, focus, LETTER, OPEN, POSTIE, postieHand, TOSS, wonder } from './story.mjs';

/** How far from its place the carrier still is: a glide, a little too far, and back. */
const RIDE = [
  [0, -330],
  [0.84, 11, 'glide'],
  [1.06, 13, 'out'],
  [1.36, 0, 'soft'],
];

/** What the carrier does at `t`, in terms that fit any body. */
function act(t) {
  const ride = track(t, RIDE);
  const speed = clamp((track(t + 0.02, RIDE) - track(t - 0.02, RIDE)) / 16, 0, 1);
  const brake = part(t, 0.6, 0.85) * (1 - ease.soft(part(t, 0.95, 1.25)));
  const cheer = hop(t, OPEN + 0.02, 0.32) + 0.4 * hop(t, OPEN + 0.38, 0.26);
  const breath = Math.sin(t * 3.4);
  const wind = -part(t, 2.72, 3) * (1 - part(t, 3.02, 3.14)); // Drawing back for the throw.
  const follow = part(t, 3.04, TOSS + 0.1) * (1 - ease.soft(part(t, TOSS + 0.15, TOSS + 0.7)));
  const eyes = focus(t);
  const dx = (eyes.x - POSTIE.x) / 200;
  const dy = (eyes.y - (POSTIE.y - 160)) / 130;
  const watching = t > 1.9 && t < 9.2;
  return {
    x: POSTIE.x + ride + camera(t) - 3,
    y: POSTIE.y - 22 * cheer,
    ride,
    speed,
    brake,
    breath,
    lean: 0.1 * speed - 0.17 * brake + 0.03 * Math.sin(t * 2.1) + 0.1 * wind + 0.13 * follow - 0.05 * wonder(t),
    stretch:
      0.02 * breath +
      0.09 * jolt(t, ARRIVE - 0.02, 0.6) +
      0.06 * cheer -
      0.1 * jolt(t, OPEN + 0.34, 0.6) -
      0.05 * wind +
      0.05 * jolt(t, TOSS, 0.5) -
      0.06 * hop(t, OPEN - 0.06, 0.18),
    head:
      -0.1 * brake +
      0.05 * Math.sin(t * 2.7) +
      0.07 * wind -
      0.15 * wonder(t) * (1 - ease.soft(part(t, 9.05, 9.35))) +
      0.1 * ease.back(part(t, 9.1, 9.4)) +
      0.04 * Math.sin(t * 13) * talkOn(t),
    look: watching ? { x: clamp(dx, -1, 1), y: clamp(dy, -1, 1) } : { x: t < 1.9 ? 0.8 : 0.4, y: 0 },
    shut: blink(t, [0.5, 1.42, 2.5, 4.3, 5.2, 7.4]),
    joy: (t > 3.85 && t < 4.9) || t > 9.25 ? 1 : 0,
    mouth: Math.max(
      talk(t, CALL.start, CALL.end),
      part(t, OPEN, OPEN + 0.1) * mix(0.6, 0.34, ease.soft(part(t, OPEN + 1, OPEN + 1.6))),
      0.5 * part(t, 9.2, 9.35),
    ),
    sway:
      Math.sin(t * 2.3 - 0.6) +
      3 * jolt(t, ARRIVE, 1.2, 3) +
      2 * jolt(t, TOSS, 1, 3) +
      2.5 * jolt(t, OPEN + 0.34, 1.1, 3),
    cheer,
    tail: ease.soft(part(t, LETTER.end, LETTER.end + 0.3)),
  };
}
const talkOn = (t) => part(t, CALL.start, CALL.start + 0.1) * (1 - part(t, CALL.end - 0.15, CALL.end));

/** The hand on the screen, in the body's own units. Before the skier stands, the hand travels with the body. */
function handOf(p, t, scale, lean) {
  const hand = postieHand(t);
  const x = (hand.x + p.ride * (1 - part(t, 1.25, 1.3)) + (camera(t) - 3) * (1 - part(t, 1.2, 1.6)) - p.x) / scale;
  const y = (hand.y - p.y) / scale;
  return { x: x * Math.cos(-lean) - y * Math.sin(-lean), y: x * Math.sin(-lean) + y * Math.cos(-lean) };
}

/** The free hand: on the rope while skiing, up in the air for joy, at the cap for the farewell is the other one's business. */
const freeHand = (t) => ({
  x: track(t, [
    [0, -52],
    [1.1, -52],
    [1.5, -56, 'soft'],
    [2.7, -58],
    [3, -66, 'soft'],
    [3.2, -70, 'soft'],
    [3.9, -50, 'soft'],
    [OPEN, -50],
    [OPEN + 0.25, -84, 'back'],
    [7, -58, 'soft'],
  ]),
  y: track(t, [
    [0, -82],
    [1.1, -86],
    [1.5, -68, 'soft'],
    [2.7, -70],
    [3, -96, 'soft'],
    [3.2, -62, 'soft'],
    [3.9, -76, 'soft'],
    [OPEN, -76],
    [OPEN + 0.25, -158, 'back'],
    [7, -70, 'soft'],
  ]),
});

function sledge(ctx, t, p) {
  // It follows on a rope: late to stop, and bumping as it does.
  const x =
    POSTIE.x -
    128 +
    track(t, [
      [0, -346],
      [0.9, -2, 'glide'],
      [1.12, 12, 'out'],
      [1.5, 0, 'spring'],
    ]) +
    camera(t) -
    3;
  const y = POSTIE.y - 2;
  const bump = 7 * Math.abs(jolt(t, 1.08, 0.5, 1.5));
  const tilt = -0.05 * jolt(t, 1.06, 0.7, 2);
  ctx.strokeStyle = '#6b3d46';
  ctx.lineWidth = 3;
  ctx.lineCap = 'round';
  const slack = 8 + 16 * part(t, 1, 1.3);
  ctx.stroke(path(`M${x + 56} ${y - 26} Q${(x + 56 + p.x - 40) / 2} ${y - 34 + slack} ${p.x - 40} ${y - 62}`));
  footprint(ctx, x, y + 4, 84, 13, 0.5);
  within(ctx, () => {
    ctx.translate(x, y - bump * 0.4);
    ctx.rotate(tilt);
    const parcel = (px, py, w, h, colour, ribbon, turn, lift) =>
      within(ctx, () => {
        ctx.translate(px, py - bump * lift);
        ctx.rotate(turn + tilt * lift * 2);
        form(ctx, path(`M${-w / 2} ${-h} h${w - 3} q3 0 3 3 v${h - 3} h${-w} v${-h + 3} q0 -3 3 -3z`), colour, {
          dx: 6,
          dy: -4,
        });
        ctx.fillStyle = ribbon;
        ctx.fillRect(-w * 0.08, -h, w * 0.16, h);
        ctx.fillRect(-w / 2, -h * 0.56, w, h * 0.15);
        ctx.fill(path(`M0 ${-h} q-14 -13 -13 -3 q2 6 13 3z M0 ${-h} q14 -13 13 -3 q-2 6 -13 3z`));
      });
    parcel(18, -64, 36, 30, '#f0c9a0', '#d8474b', 0.1, 1.6);
    parcel(-28, -30, 46, 46, '#3f9c93', '#ffe2a0', -0.03, 1);
    parcel(17, -30, 44, 36, '#e2574f', '#fff0d8', 0.02, 1);
    // Deck, stanchions, runners with their curl.
    ctx.lineCap = 'round';
    ctx.lineJoin = 'round';
    const wood = (d, w, colour) => {
      ctx.lineWidth = w;
      ctx.strokeStyle = colour;
      ctx.stroke(path(d));
    };
    for (const [w, colour] of [
      [8.5, '#6e2f3f'],
      [5, '#b9564c'],
    ]) {
      wood('M-36 -24 V-4 M0 -24 V-4 M32 -24 V-4', w * 0.8, colour);
      wood('M-58 -2 H40 Q66 -4 64 -24 Q61 -34 52 -28', w, colour);
      wood('M-54 -26 H48', w + 2, colour);
    }
    ctx.fillStyle = '#f6faff';
    ctx.fill(path('M-54 -31 Q-50 -37 -40 -33 Q-34 -38 -24 -32 L-24 -28 L-52 -28Z'));
  });
}

/** Snow thrown up by the braking skis. */
function spray(ctx, t, p) {
  const r = chance(91);
  for (let i = 0; i < 26; i++) {
    const born = 0.62 + r() * 0.36;
    const [angle, v, size] = [-0.25 - r() * 1.05, 110 + r() * 190, 2.5 + r() * 6];
    const age = t - born;
    if (age < 0 || age > 0.62) continue;
    const x = p.x + 62 + Math.cos(angle) * v * age;
    const y = POSTIE.y + 2 + Math.sin(angle) * v * age + 330 * age * age;
    ctx.fillStyle = `rgba(250,252,255,${0.95 * (1 - age / 0.62)})`;
    ctx.fill(ellipse(x, y, size * (1 - age * 0.8)));
  }
}

function skis(ctx, p) {
  for (const [x, y, w] of [
    [-6, -7, 0],
    [6, 2, 1],
  ]) {
    ctx.lineCap = 'round';
    ctx.lineJoin = 'round';
    const d = path(`M${x - 70} ${y} H${x + 70} Q${x + 88} ${y - 1} ${x + 95} ${y - 14}`);
    ctx.lineWidth = 9;
    ctx.strokeStyle = w ? '#6e2f3f' : '#54283f';
    ctx.stroke(d);
    ctx.lineWidth = 4.5;
    ctx.strokeStyle = w ? '#e8884f' : '#b8624c';
    ctx.stroke(d);
  }
  footprint(ctx, 0, 9, 92, 9, 0.28 + 0.001 * p.sway);
}

/** A post bag at the hip; its flap nods as the body moves. */
function bag(ctx, x, y, colour, sway) {
  within(ctx, () => {
    ctx.translate(x, y);
    ctx.rotate(0.05 * sway);
    ctx.fillStyle = '#fff4e0';
    ctx.fill(path('M-15 -22 L4 -30 L14 -16 Z'));
    ctx.fill(path('M0 -22 L18 -26 L20 -14 Z'));
    form(
      ctx,
      path('M-25 -16 Q-25 -20 -21 -20 H21 Q25 -20 25 -16 L23 14 Q22 20 16 20 H-16 Q-22 20 -23 14Z'),
      colour[0],
      { dx: 6, dy: -4 },
    );
    form(ctx, path('M-26 -20 H26 L24 -6 Q20 4 0 5 Q-20 4 -24 -6Z'), colour[1], { dx: 5, dy: -3 });
    ctx.fillStyle = '#ffd877';
    ctx.fill(ellipse(0, 3, 4.6));
  });
}

/** Stands the body on its skis: lean about the feet, stretch without losing volume. */
function stand(ctx, p, scale, draw) {
  footprint(ctx, p.x, POSTIE.y + 5, 98 - p.cheer * 16, 15, 0.55 - 0.2 * p.cheer);
  within(ctx, () => {
    ctx.translate(p.x, p.y);
    ctx.scale(scale, scale);
    skis(ctx, p);
    ctx.rotate(p.lean);
    ctx.scale(1 - p.stretch * 0.8, 1 + p.stretch);
    draw();
  });
}

function light(ctx, t) {
  evening(ctx, { x0: 0, x1: 300, warmX: 300, light: { x: 400, y: 330 }, power: 0.9 * flash(t) + 0.5 * wonder(t) });
}

export function bear(ctx, t) {
  const p = act(t);
  const scale = 0.885;
  sledge(ctx, t, p);
  stand(ctx, p, scale, () => {
    const fur = vertical(ctx, -220, -110, '#fffaf2', '#efe6e4');
    const hand = handOf(p, t, scale, p.lean);
    const free = freeHand(t);
    const coat = vertical(ctx, -140, -20, '#ffc64a', '#f6a83a', '#dd8436');
    // Far arm, legs.
    limb(ctx, { x: -44, y: -112 }, free, 14, 32, '#e9962f', '#b96a34', null);
    form(ctx, ellipse(free.x, free.y, 16), '#f3ebe8', { dx: 4, dy: -3 });
    for (const x of [-32, 30])
      form(
        ctx,
        path(
          `M${x - 25} -32 H${x + 22} V-14 Q${x + 40} -12 ${x + 38} -2 Q${x + 36} 1 ${x + 24} 0 H${x - 20} Q${x - 28} 0 ${x - 27} -12Z`,
        ),
        '#2b3c78',
        { dx: 7, dy: -4 },
      );
    // Coat.
    form(
      ctx,
      path(
        'M-44 -142 C-66 -128 -80 -88 -80 -54 C-80 -34 -78 -26 -70 -24 Q0 -10 70 -24 C79 -26 82 -36 81 -54 C80 -90 66 -128 46 -142Z',
      ),
      coat,
      { dx: 14, dy: -8 },
    );
    ctx.fillStyle = 'rgba(196,104,40,0.5)';
    ctx.fill(path('M30 -136 Q42 -80 38 -19 L41.5 -19.5 Q46 -80 34 -137Z'));
    form(ctx, path('M-73 -38 Q0 -22 75 -38 Q79 -28 72 -21 Q0 -7 -71 -21 Q-78 -27 -73 -38Z'), '#fff3df', {
      dx: 6,
      dy: -5,
    });
    for (const y of [-104, -72]) {
      form(ctx, ellipse(54 - (y + 104) * -0.04, y, 6.2), '#a4502f', { dx: 2, dy: -2 });
    }
    // Strap and bag.
    ctx.strokeStyle = '#8f2f3d';
    ctx.lineWidth = 10;
    ctx.stroke(path('M-42 -136 Q-4 -92 34 -74'));
    ctx.strokeStyle = '#c9474c';
    ctx.lineWidth = 6;
    ctx.stroke(path('M-42 -137 Q-3 -93 34 -75'));
    bag(ctx, 34, -62, ['#b33a45', '#d9534f'], p.sway);
    // Head.
    within(ctx, () => {
      ctx.translate(4, -140);
      ctx.rotate(p.head);
      ctx.translate(-4, 140);
      const lx = p.look.x * 5;
      const ly = p.look.y * 5;
      for (const [x, y, far] of [
        [-46, -206, 0],
        [52, -206, 1],
      ]) {
        form(ctx, ellipse(x, y, 19), far ? '#f1e7e4' : fur, { dx: 5, dy: -4 });
        ctx.fillStyle = '#f4b9ac';
        ctx.fill(ellipse(x + 1, y + 2, 10));
      }
      form(
        ctx,
        blob([
          [-56, -206],
          [4, -228],
          [64, -206],
          [78, -160],
          [60, -124],
          [4, -112],
          [-56, -122],
          [-74, -160],
        ]),
        fur,
        { dx: 12, dy: -9, shade: 'rgba(92,104,176,0.26)' },
      );
      // Muzzle, nose, mouth.
      ctx.fillStyle = '#ffffff';
      ctx.fill(ellipse(26 + lx, -148 + ly, 30, 22));
      cheek(ctx, -22 + lx, -144 + ly, 18);
      cheek(ctx, 64 + lx * 0.6, -148 + ly, 13);
      mouth(ctx, 27 + lx, -143 + ly, 11, p.mouth);
      ctx.fillStyle = '#2b1d33';
      ctx.fill(
        path(
          `M${17 + lx} ${-160 + ly} Q${28 + lx} ${-167 + ly} ${39 + lx} ${-160 + ly} Q${40 + lx} ${-153 + ly} ${28 + lx} ${-148 + ly} Q${16 + lx} ${-153 + ly} ${17 + lx} ${-160 + ly}Z`,
        ),
      );
      ctx.fillStyle = 'rgba(255,255,255,0.8)';
      ctx.fill(ellipse(31 + lx, -160 + ly, 4, 2));
      eye(ctx, -6 + lx, -173 + ly, 9, p);
      eye(ctx, 52 + lx, -173 + ly, 8.4, p);
      // Post cap, pushed back a little; it jumps when its owner does.
      within(ctx, () => {
        ctx.translate(2, -208 - 8 * p.cheer + 2.4 * Math.abs(p.sway * 0.3));
        ctx.rotate(-0.08 + 0.02 * p.sway);
        form(
          ctx,
          path('M-40 4 Q-50 -28 -20 -35 Q6 -42 34 -34 Q60 -27 48 6 Q4 16 -40 4Z'),
          vertical(ctx, -40, 8, '#3a53a4', '#24357a'),
          { dx: 9, dy: -6 },
        );
        form(ctx, path('M-41 2 Q4 15 49 4 L50 -8 Q4 4 -43 -9Z'), '#d9474c', { dx: 6, dy: -3 });
        form(ctx, path('M0 6 Q34 10 50 2 Q74 6 72 14 Q44 22 6 14Z'), '#1d2a62', { dx: 4, dy: -3 });
        form(ctx, ellipse(12, -15, 11, 10), '#ffd565', { dx: 3, dy: -3 });
        ctx.fillStyle = '#a8622e';
        ctx.fill(path('M5 -20 h14 v10 h-14z'));
        ctx.strokeStyle = '#ffe7a0';
        ctx.lineWidth = 1.8;
        ctx.stroke(path('M5 -19 l7 5 l7 -5'));
      });
    });
    // Near arm, over everything.
    limb(ctx, { x: 46, y: -110 }, hand, 16, 34, '#ffb941', '#cf7a33');
    form(ctx, ellipse(hand.x, hand.y, 17), '#fff6ee', { dx: 4, dy: -4, shade: 'rgba(92,104,176,0.26)' });
  });
  spray(ctx, t, p);
  light(ctx, t);
}

export function reindeer(ctx, t) {
  const p = act(t);
  const scale = 0.85;
  sledge(ctx, t, p);
  stand(ctx, p, scale, () => {
    const brown = vertical(ctx, -230, -120, '#b97a54', '#9a5b45');
    const coat = vertical(ctx, -140, -40, '#2f9a8c', '#23796f', '#1d5c63');
    const hand = handOf(p, t, scale, p.lean);
    const free = freeHand(t);
    // Far arm and legs with hooves.
    limb(ctx, { x: -30, y: -124 }, { x: free.x * 0.86, y: free.y }, 14, 24, '#1f6c66', '#174a56', null);
    form(ctx, ellipse(free.x * 0.86, free.y, 12), '#5b3340', { dx: 3, dy: -3 });
    for (const x of [-22, 20]) {
      limb(ctx, { x, y: -58 }, { x: x + 2, y: -14 }, 0, 20, '#96593f', '#6d3d3d', null);
      form(ctx, path(`M${x - 13} -22 H${x + 14} Q${x + 26} -10 ${x + 25} 0 H${x - 14}Z`), '#4b2a3c', { dx: 5, dy: -3 });
    }
    // A stub of a tail, white beneath.
    within(ctx, () => {
      ctx.translate(-44, -74);
      ctx.rotate(-0.3 + 0.16 * p.sway);
      form(ctx, path('M8 6 Q-20 8 -24 -12 Q-10 -22 8 -10Z'), '#f6ead9', { dx: 3, dy: -4 });
    });
    form(ctx, path('M-28 -146 C-44 -128 -52 -88 -58 -50 Q0 -34 60 -50 C54 -88 46 -128 30 -146Z'), coat, {
      dx: 11,
      dy: -7,
    });
    form(ctx, path('M-60 -58 Q0 -42 62 -58 L64 -46 Q0 -29 -62 -46Z'), '#fff0d6', { dx: 5, dy: -4 });
    ctx.fillStyle = 'rgba(14,52,70,0.45)';
    ctx.fill(path('M22 -140 Q31 -96 30 -44 L33 -44.5 Q34 -96 25 -141Z'));
    for (const y of [-112, -84]) form(ctx, ellipse(40 + (y + 112) * 0.08, y, 5.4), '#ffd565', { dx: 2, dy: -2 });
    ctx.strokeStyle = '#8a4a2c';
    ctx.lineWidth = 9;
    ctx.stroke(path('M-28 -140 Q-2 -100 26 -80'));
    ctx.strokeStyle = '#c98440';
    ctx.lineWidth = 5;
    ctx.stroke(path('M-28 -141 Q-1 -101 26 -81'));
    bag(ctx, 26, -70, ['#c57a32', '#eba344'], p.sway);
    // Head on its long neck.
    within(ctx, () => {
      ctx.translate(0, -140);
      ctx.rotate(p.head * 1.1);
      ctx.translate(0, 140);
      const lx = p.look.x * 4;
      const ly = p.look.y * 4;
      form(ctx, path('M-24 -132 C-24 -160 -26 -170 -22 -190 L22 -190 C26 -170 22 -150 26 -132Z'), brown, {
        dx: 8,
        dy: -4,
      });
      // Antlers.
      ctx.lineCap = 'round';
      ctx.lineJoin = 'round';
      const antler = (x, y, side, far) => {
        const d = path(
          `M${x} ${y} C${x + side * 4} ${y - 18} ${x + side * 26} ${y - 22} ${x + side * 30} ${y - 54} M${x + side * 8} ${y - 15} Q${x + side * 4} ${y - 30} ${x - side * 2} ${y - 38} M${x + side * 24} ${y - 31} Q${x + side * 42} ${y - 34} ${x + side * 45} ${y - 46}`,
        );
        for (const [w, colour] of [
          [10, far ? '#8c6a5f' : '#9b7460'],
          [6, far ? '#d9bd9c' : '#f2d9b4'],
        ]) {
          ctx.lineWidth = w;
          ctx.strokeStyle = colour;
          ctx.stroke(d);
        }
      };
      antler(-14, -220, -1, 0);
      antler(22, -222, 1, 1);
      // Ears turn with what is heard.
      const ear = (x, y, turn, far) =>
        within(ctx, () => {
          ctx.translate(x, y);
          ctx.rotate(turn);
          form(ctx, path('M4 0 Q-14 -18 -40 -12 Q-30 12 4 12Z'), far ? '#8f5642' : brown, { dx: 4, dy: -3 });
          ctx.fillStyle = '#f0b9a2';
          ctx.fill(path('M-4 2 Q-16 -8 -32 -8 Q-24 7 -4 8Z'));
        });
      ear(-26, -204, 0.22 + 0.05 * p.sway - 0.25 * p.cheer, 0);
      ear(32, -206, Math.PI - 0.22 - 0.05 * p.sway + 0.25 * p.cheer, 1);
      form(
        ctx,
        blob([
          [-34, -208],
          [0, -234],
          [34, -214],
          [56, -186],
          [64, -156],
          [34, -138],
          [2, -150],
          [-26, -168],
        ]),
        brown,
        { dx: 10, dy: -7 },
      );
      // Light muzzle, dark nose.
      form(
        ctx,
        blob([
          [18 + lx, -176 + ly],
          [52 + lx, -180 + ly],
          [72 + lx, -162 + ly],
          [62 + lx, -142 + ly],
          [34 + lx, -136 + ly],
          [14 + lx, -152 + ly],
        ]),
        '#f3d8b8',
        { dx: 6, dy: -5, shade: 'rgba(120,70,90,0.22)' },
      );
      mouth(ctx, 42 + lx, -153 + ly, 9, p.mouth * 0.85);
      form(ctx, ellipse(60 + lx, -169 + ly, 11, 9, 0.2), '#33202f', { dx: 2, dy: -2, rim: null });
      ctx.fillStyle = 'rgba(255,255,255,0.85)';
      ctx.fill(ellipse(63 + lx, -173 + ly, 3.6, 2.2));
      cheek(ctx, 0 + lx, -166 + ly, 15, 'rgba(255,110,90,0.55)');
      ctx.fillStyle = 'rgba(255,232,200,0.5)';
      ctx.fill(ellipse(4 + lx, -192 + ly, 14, 15));
      ctx.fill(ellipse(41 + lx, -195 + ly, 11, 13));
      eye(ctx, 5 + lx, -190 + ly, 8.6, p);
      eye(ctx, 42 + lx, -193 + ly, 7.6, p);
      // A small red cap between the antlers.
      within(ctx, () => {
        ctx.translate(4, -222 - 7 * p.cheer);
        ctx.rotate(-0.1 + 0.02 * p.sway);
        form(
          ctx,
          path('M-22 2 Q-28 -22 -8 -27 Q8 -31 24 -25 Q36 -18 28 4 Q4 10 -22 2Z'),
          vertical(ctx, -30, 6, '#f0605a', '#c2364a'),
          { dx: 6, dy: -5 },
        );
        form(ctx, path('M-23 2 Q4 10 29 4 L30 -6 Q4 0 -25 -8Z'), '#ffe2a0', { dx: 3, dy: -2 });
        form(ctx, path('M2 5 Q24 8 34 1 Q50 4 48 10 Q28 15 4 11Z'), '#8c2540', { dx: 3, dy: -2 });
        ctx.fillStyle = '#ffd565';
        ctx.fill(star(8, -14, 7, 3.4, 5, 0.1));
      });
      // A scarf hides where neck and coat meet.
      form(ctx, path('M-32 -150 Q0 -134 34 -150 Q40 -136 32 -128 Q0 -114 -32 -128 Q-40 -138 -32 -150Z'), '#fff0d6', {
        dx: 6,
        dy: -4,
      });
    });
    limb(ctx, { x: 30, y: -122 }, hand, 16, 25, '#2b8d82', '#185663');
    form(ctx, ellipse(hand.x, hand.y, 13), '#5b3340', { dx: 3, dy: -3 });
  });
  spray(ctx, t, p);
  light(ctx, t);
}
