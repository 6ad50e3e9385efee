/** The balloon in its own units: (0, 0) is the middle of the basket's rim, the crown of the envelope is at y = -606. */
import { disc, glow, starPath } from './sky.mjs';
import { burner, dawn, enterBalloon, lerp, mix, rgba } from './story.mjs';

const TAU = Math.PI * 2;
const CROWN = -606;
const MOUTH = -246;
const RADIUS = 198;
const THROAT = 58;
const GORES = 16;
const WIDEST = 0.47;

const level = (v) => lerp(CROWN, MOUTH, v);
const half = (v) => {
  if (v < WIDEST) return RADIUS * Math.sqrt(Math.max(0, 1 - ((WIDEST - v) / WIDEST) ** 2));
  const u = (v - WIDEST) / (1 - WIDEST);
  return lerp(RADIUS, THROAT, ((1 - Math.cos(Math.PI * u)) / 2) ** 1.12);
};
/** A point on the envelope: v from crown to mouth, angle from -90 to 90 degrees. Rings bulge upwards, as seen from below. */
const skin = (v, angle) => [
  half(v) * Math.sin(angle),
  level(v) + 20 * (1 - Math.cos(angle)) * Math.sin(Math.PI * Math.min(1, v * 1.05)),
];

const STEPS = 40;
const patch = (g, a, b, v0, v1) => {
  const at = (i) => lerp(v0, v1, (i / STEPS) ** 2);
  g.beginPath();
  for (let i = 0; i <= STEPS; i++) g.lineTo(...skin(at(i), a));
  for (let i = 0; i <= 4; i++) g.lineTo(...skin(v1, lerp(a, b, i / 4)));
  for (let i = STEPS; i >= 0; i--) g.lineTo(...skin(at(i), b));
  g.closePath();
};
const outline = (g) => patch(g, -Math.PI / 2, Math.PI / 2, 0, 1);

const drawEnvelope = (g, t) => {
  const [k, fire] = [dawn(t), burner(t)];
  const yaw = 0.1 * Math.sin(0.7 * t) + 0.05 * t;
  g.save();
  // Inside of the mouth, lit by the flame.
  g.fillStyle = '#7a2f4a';
  disc(g, 0, MOUTH + 4, THROAT, 15);
  g.fill();
  glow(g, 0, MOUTH + 4, 70, '#ffcf70', 0.9 * fire);
  outline(g);
  g.clip();
  for (let i = 0; i < GORES; i++) {
    const from = ((i / GORES) * TAU + yaw) % TAU;
    for (const turn of [-TAU, 0]) {
      const a = Math.max(-Math.PI / 2, from + turn);
      const b = Math.min(Math.PI / 2, from + turn + TAU / GORES);
      if (a >= b) continue;
      g.fillStyle = i % 2 ? '#ffe8c6' : '#ee5d63';
      patch(g, a, b + 0.004, 0, 1);
      g.fill();
      g.fillStyle = i % 2 ? '#f7b955' : '#c23f5c';
      patch(g, a, b + 0.004, 0.86, 1);
      g.fill();
      g.strokeStyle = 'rgba(110,30,70,0.22)';
      g.lineWidth = 1.6;
      g.beginPath();
      for (let i = 0; i <= STEPS; i++) g.lineTo(...skin((i / STEPS) ** 2, a));
      g.stroke();
    }
  }
  // The belt: night blue with golden stars, a heart in the middle of each round.
  g.fillStyle = '#2b3183';
  g.beginPath();
  for (let i = 0; i <= 40; i++) g.lineTo(...skin(0.43, lerp(-Math.PI / 2, Math.PI / 2, i / 40)));
  for (let i = 40; i >= 0; i--) g.lineTo(...skin(0.63, lerp(-Math.PI / 2, Math.PI / 2, i / 40)));
  g.fill();
  for (const v of [0.43, 0.63]) {
    g.strokeStyle = '#ffc95e';
    g.lineWidth = 6;
    g.beginPath();
    for (let i = 0; i <= 40; i++) g.lineTo(...skin(v, lerp(-Math.PI / 2, Math.PI / 2, i / 40)));
    g.stroke();
  }
  for (let i = 0; i < GORES; i++) {
    const angle = ((((i + 0.5) / GORES) * TAU + yaw + Math.PI) % TAU) - Math.PI;
    if (Math.abs(angle) > 1.5) continue;
    const [x, y] = skin(0.53, angle);
    g.save();
    g.translate(x, y);
    g.scale(Math.cos(angle), 1);
    g.fillStyle = '#ffd36b';
    if (i % 4 === 3) {
      heartPath(g, 0, -1, 25);
      g.fillStyle = '#ff7f86';
    } else starPath(g, 0, 0, i % 2 ? 17 : 12, 0, 0.48);
    g.fill();
    g.restore();
  }
  for (let i = 0; i < GORES * 2; i++) {
    const angle = ((((i + 0.5) / GORES / 2) * TAU + yaw + Math.PI) % TAU) - Math.PI;
    if (Math.abs(angle) > 1.55) continue;
    const [x, y] = skin(0.655, angle);
    g.fillStyle = '#ffc95e';
    disc(g, x, y + 3, 11 * Math.cos(angle), 10);
    g.fill();
  }
  // Shade of the night, light of the moon, of the sun, and of the flame inside.
  const shade = g.createLinearGradient(-RADIUS, 0, RADIUS, 0);
  shade.addColorStop(0, rgba(mix('#1a1458', '#ffb06a', k), lerp(0.66, 0.25, k)));
  shade.addColorStop(0.35, rgba(mix('#1f1860', '#8a4f9a', k), lerp(0.2, 0.04, k)));
  shade.addColorStop(0.66, rgba(mix('#1f1860', '#8a4f9a', k), lerp(0.04, 0.1, k)));
  shade.addColorStop(1, rgba(mix('#1a1458', '#5a3a8c', k), lerp(0.46, 0.5, k)));
  g.fillStyle = shade;
  g.fillRect(-RADIUS, CROWN, 2 * RADIUS, MOUTH - CROWN + 30);
  const deep = g.createLinearGradient(0, CROWN, 0, MOUTH);
  deep.addColorStop(0, rgba('#1a1458', lerp(0.22, 0, k)));
  deep.addColorStop(0.45, rgba('#1a1458', 0));
  deep.addColorStop(1, rgba('#5a1d4c', 0.2));
  g.fillStyle = deep;
  g.fillRect(-RADIUS, CROWN, 2 * RADIUS, MOUTH - CROWN + 30);
  g.globalCompositeOperation = 'screen';
  glow(g, 128, -520, 170, mix('#c9c4ff', '#ffd9b0', k), lerp(0.55, 0.12, k));
  if (k > 0.15) glow(g, -150, -400, 220, '#ffb268', 0.6 * (k - 0.15));
  glow(g, 0, MOUTH - 30, 400, '#ff8f3a', fire * lerp(1, 0.6, k));
  glow(g, 0, MOUTH - 10, 190, '#ffd98a', 0.75 * fire * lerp(1, 0.7, k));
  g.restore();
  g.save();
  outline(g);
  g.strokeStyle = rgba('#1d1650', 0.35);
  g.lineWidth = 2;
  g.stroke();
  g.restore();
};

const heartPath = (g, x, y, size) => {
  g.beginPath();
  g.moveTo(x, y + size * 0.62);
  g.bezierCurveTo(x - size * 0.95, y - size * 0.02, x - size * 0.6, y - size * 0.82, x, y - size * 0.3);
  g.bezierCurveTo(x + size * 0.6, y - size * 0.82, x + size * 0.95, y - size * 0.02, x, y + size * 0.62);
  g.closePath();
};
export { heartPath };

const drawFlame = (g, t) => {
  const fire = burner(t);
  const tall = 34 + 74 * fire;
  const lick = Math.sin(21 * t) * 3 + Math.sin(33 * t + 1) * 2;
  const tongues = [
    [17, 1, '#ff8a2b', 0.85],
    [11.5, 0.76, '#ffc14d', 0.95],
    [6.5, 0.5, '#fff3c4', 1],
  ];
  for (const [width, share, colour, alpha] of tongues) {
    const top = -206 - tall * share;
    g.fillStyle = rgba(colour, alpha);
    g.beginPath();
    g.moveTo(-width * 0.6, -205);
    g.bezierCurveTo(
      -width * 1.5,
      -205 - tall * share * 0.38,
      -width * 0.3,
      -205 - tall * share * 0.62,
      lick * share,
      top,
    );
    g.bezierCurveTo(width * 0.4, -205 - tall * share * 0.6, width * 1.5, -205 - tall * share * 0.36, width * 0.6, -205);
    g.closePath();
    g.fill();
  }
  glow(g, 0, -226, 110, '#ffc868', 0.75 * fire);
};

/** Behind the characters: envelope, burner, ropes, and the inside of the basket. */
export const drawBalloonBack = (g, t) => {
  g.save();
  enterBalloon(g, t);
  const k = dawn(t);
  g.lineCap = 'round';
  g.strokeStyle = mix('#3a2a5c', '#8a5f6a', k);
  g.lineWidth = 2.4;
  for (const [from, to] of [
    [-94, -54],
    [-60, -30],
    [60, 30],
    [94, 54],
  ]) {
    g.beginPath();
    g.moveTo(from, -196);
    g.lineTo(to, MOUTH + 6);
    g.stroke();
  }
  drawEnvelope(g, t);
  drawFlame(g, t);
  // Padded poles and the burner on its bar.
  for (const side of [-1, 1]) {
    g.strokeStyle = mix('#5a2f4f', '#8f4d4c', k);
    g.lineWidth = 11;
    g.beginPath();
    g.moveTo(side * 119, 6);
    g.quadraticCurveTo(side * 116, -110, side * 96, -194);
    g.stroke();
    g.strokeStyle = 'rgba(255,190,120,0.4)';
    g.lineWidth = 3;
    g.beginPath();
    g.moveTo(side * 116, 0);
    g.quadraticCurveTo(side * 113, -110, side * 93, -192);
    g.stroke();
  }
  g.strokeStyle = mix('#44355e', '#7a6a86', k);
  g.lineWidth = 8;
  g.beginPath();
  g.moveTo(-97, -195);
  g.quadraticCurveTo(0, -204, 97, -195);
  g.stroke();
  const metal = g.createLinearGradient(-24, 0, 24, 0);
  metal.addColorStop(0, '#6d5f86');
  metal.addColorStop(0.4, '#d8c7d8');
  metal.addColorStop(1, '#51456d');
  g.fillStyle = metal;
  g.beginPath();
  g.moveTo(-24, -208);
  g.lineTo(24, -208);
  g.lineTo(17, -184);
  g.lineTo(-17, -184);
  g.fill();
  g.fillStyle = '#f7b955';
  g.beginPath();
  g.roundRect(-27, -213, 54, 8, 4);
  g.fill();
  // Inside of the basket.
  const inside = g.createLinearGradient(0, -14, 0, 30);
  inside.addColorStop(0, mix('#6a3f3c', '#a5694a', k));
  inside.addColorStop(1, '#3a2340');
  g.fillStyle = inside;
  disc(g, 0, 2, 126, 18);
  g.fill();
  g.restore();
};

/** In front of the characters: the wicker with its padded rim and little pennants. */
export const drawBasket = (g, t) => {
  g.save();
  enterBalloon(g, t);
  const [k, fire] = [dawn(t), burner(t)];
  const side = (y) => 126 - 22 * (y / 116) ** 1.3;
  g.beginPath();
  g.moveTo(-126, 2);
  g.quadraticCurveTo(0, 34, 126, 2);
  g.quadraticCurveTo(122, 70, 106, 104);
  g.quadraticCurveTo(0, 132, -106, 104);
  g.quadraticCurveTo(-122, 70, -126, 2);
  g.closePath();
  g.save();
  g.clip();
  const wicker = g.createLinearGradient(0, 0, 0, 124);
  wicker.addColorStop(0, mix('#c98649', '#dd9a58', k));
  wicker.addColorStop(1, mix('#7a4536', '#a8623f', k));
  g.fillStyle = wicker;
  g.fillRect(-130, -10, 260, 150);
  for (let row = 0; row < 8; row++) {
    for (let col = -7; col <= 6; col++) {
      const u = (col + (row % 2) * 0.5 + 0.5) / 7;
      const bow = 16 * (1 - u * u);
      const y = 12 + row * 14.5 + bow;
      const w = side(row * 14);
      g.fillStyle = rgba((row + col) % 2 ? '#f2bf7c' : '#8a4f38', (row + col) % 2 ? 0.34 : 0.3);
      g.beginPath();
      g.roundRect(u * w - 8.4, y - 5.5, 16.8, 11, 5);
      g.fill();
    }
  }
  const turn = g.createLinearGradient(-126, 0, 126, 0);
  turn.addColorStop(0, rgba(mix('#1f1550', '#ffb36b', k), lerp(0.62, 0.3, k)));
  turn.addColorStop(0.4, rgba('#2a1550', 0));
  turn.addColorStop(0.72, rgba('#2a1550', 0.08));
  turn.addColorStop(1, rgba(mix('#1f1550', '#5a2f6c', k), 0.52));
  g.fillStyle = turn;
  g.fillRect(-130, -10, 260, 150);
  g.fillStyle = rgba('#24184f', lerp(0.3, 0, k));
  g.fillRect(-130, -10, 260, 150);
  g.globalCompositeOperation = 'screen';
  glow(g, 0, 6, 130, '#ff9d45', 0.5 * fire * lerp(1, 0.5, k));
  g.restore();
  // Pennants on a cord.
  const hang = (u) => [u * 120, 20 + 17 * (1 - u * u) + 7 * Math.abs(Math.sin(u * Math.PI * 1.5))];
  const colours = ['#ee5d63', '#ffe8c6', '#4fb7a5', '#ffc95e'];
  for (let i = 0; i < 9; i++) {
    const u = -0.88 + (i * 1.76) / 8;
    const [x, y] = hang(u);
    const sway = 2.6 * Math.sin(2.6 * t + i * 0.9) - 2;
    g.fillStyle = mix(mix(colours[i % 4], '#2c2366', 0.3), colours[i % 4], Math.max(k, 0.35));
    g.beginPath();
    g.moveTo(x - 10.5, y - 1);
    g.lineTo(x + 10.5, y - 1);
    g.lineTo(x + sway, y + 24);
    g.closePath();
    g.fill();
  }
  // Rim.
  g.lineCap = 'round';
  g.strokeStyle = mix('#7c2f4d', '#b0485a', k);
  g.lineWidth = 17;
  g.beginPath();
  g.moveTo(-124, 3);
  g.quadraticCurveTo(0, 35, 124, 3);
  g.stroke();
  const shine = g.createLinearGradient(-120, 0, 120, 0);
  shine.addColorStop(0, rgba('#ffcf9a', lerp(0.15, 0.6, k)));
  shine.addColorStop(0.5, rgba('#ffc079', 0.35 + 0.4 * fire));
  shine.addColorStop(1, rgba('#c7c2ff', lerp(0.55, 0.1, k)));
  g.strokeStyle = shine;
  g.lineWidth = 4;
  g.beginPath();
  g.moveTo(-122, -1);
  g.quadraticCurveTo(0, 30, 122, -1);
  g.stroke();
  // A sandbag swings at each side.
  for (const at of [-1, 1]) {
    g.save();
    g.translate(at * 120, 18);
    g.rotate(0.1 * Math.sin(2.3 * t + at) - at * 0.04);
    g.strokeStyle = '#5a3a4c';
    g.lineWidth = 2.4;
    g.beginPath();
    g.moveTo(0, -8);
    g.lineTo(0, 16);
    g.stroke();
    const sack = g.createLinearGradient(-14, 0, 14, 0);
    sack.addColorStop(0, mix('#6a5470', '#e0b183', k));
    sack.addColorStop(1, mix('#9a80a0', '#b9805f', k));
    g.fillStyle = sack;
    g.beginPath();
    g.moveTo(-5, 14);
    g.bezierCurveTo(-22, 28, -17, 50, 0, 50);
    g.bezierCurveTo(17, 50, 22, 28, 5, 14);
    g.closePath();
    g.fill();
    g.fillStyle = '#ee5d63';
    g.fillRect(-6, 13, 12, 5);
    g.restore();
  }
  g.restore();
};
