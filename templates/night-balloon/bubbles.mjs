/**
 * The empty speech bubbles. Each is drawn where it stands; while it comes and goes it is scaled about the point that it springs from.
 * Three frames before its words and until three frames after them it is left alone, so that the same pixels are painted every time.
 * Whatever lives around a bubble (stars, hearts, dots) keeps away from its area for words.
 */
import { heartPath } from './balloon.mjs';
import { disc, glow, starPath } from './sky.mjs';
import { BUBBLES, lerp, outBack, rgba, smooth, span } from './story.mjs';

const CALM = 0.1;
/** Down to here the first bubble is one flat colour; shading lies outside the words' area, which keeps it still in the encoded film too. */
const WORDS_END = 1087;

/** 0 not there, 1 settled; more than 1 while it overshoots. */
const presence = ({ pop, start, end, gone }, t) => {
  if (t <= pop || t >= gone) return 0;
  if (t < start - CALM) return outBack(span(t, pop, start - CALM), 1.1);
  if (t <= end + CALM) return 1;
  const k = span(t, end + CALM, gone);
  return 1 + 0.035 * Math.sin(Math.PI * Math.min(1, k * 2.5)) - smooth(k, 0.3, 1);
};
const springing = (g, size, x, y, lean, draw) => {
  if (size <= 0.01) return;
  g.save();
  if (size !== 1) {
    g.translate(x, y);
    g.rotate(lean * (1 - size));
    g.scale(size, lerp(size, 1, 0.12) * Math.min(1, size * 3));
    g.translate(-x, -y);
  }
  draw();
  g.restore();
};
const shadow = (g, colour, blur, dy) => {
  g.shadowColor = colour;
  g.shadowBlur = blur;
  g.shadowOffsetY = dy;
};
const noShadow = (g) => shadow(g, 'rgba(0,0,0,0)', 0, 0);

const hello = (g, t) => {
  springing(g, presence(BUBBLES.hello, t), 362, 738, 0.25, () => {
    const [left, top, right, bottom, r] = [44, 858, 640, 1100, 46];
    g.beginPath();
    g.moveTo(left + r, top);
    g.lineTo(286, top);
    g.bezierCurveTo(326, 836, 352, 800, 364, 738);
    g.bezierCurveTo(376, 800, 372, 836, 366, top);
    g.lineTo(right - r, top);
    g.quadraticCurveTo(right, top, right, top + r);
    g.lineTo(right, bottom - r);
    g.quadraticCurveTo(right, bottom, right - r, bottom);
    g.lineTo(left + r, bottom);
    g.quadraticCurveTo(left, bottom, left, bottom - r);
    g.lineTo(left, top + r);
    g.quadraticCurveTo(left, top, left + r, top);
    g.closePath();
    const paper = g.createLinearGradient(0, WORDS_END, 0, bottom);
    paper.addColorStop(0, '#fff9ec');
    paper.addColorStop(1, '#ffe9c8');
    shadow(g, 'rgba(14,10,52,0.5)', 26, 10);
    g.fillStyle = paper;
    g.fill();
    noShadow(g);
    g.strokeStyle = '#2c2f7c';
    g.lineWidth = 5;
    g.lineJoin = 'round';
    g.stroke();
  });
};

const PUFFS = [
  [152, 938, 92],
  [112, 1000, 72],
  [158, 1044, 99],
  [252, 912, 72],
  [352, 900, 66],
  [452, 908, 72],
  [558, 932, 95],
  [610, 996, 74],
  [562, 1042, 101],
  [262, 1080, 66],
  [358, 1086, 66],
  [460, 1080, 68],
];
const thought = (g, t) => {
  const size = presence(BUBBLES.thought, t);
  const line = '#4a449f';
  // Dots rise one after the other from the friend and vanish the same way.
  const { pop, end } = BUBBLES.thought;
  for (const [i, [x, y, r]] of [
    [414, 728, 8],
    [424, 766, 12.5],
    [446, 812, 18.5],
  ].entries()) {
    const k =
      outBack(span(t, pop - 0.22 + i * 0.08, pop + 0.02 + i * 0.08), 2.4) *
      (1 - smooth(t, end + 0.04 * i, end + 0.04 * i + 0.13));
    if (k <= 0.02) continue;
    const bob = 1.6 * Math.sin(3 * t + i);
    g.fillStyle = line;
    disc(g, x, y + bob, r * k + 3.5 * k);
    g.fill();
    g.fillStyle = '#f7f4ff';
    disc(g, x, y + bob, r * k);
    g.fill();
  }
  springing(g, size, 450, 850, -0.2, () => {
    shadow(g, 'rgba(14,10,52,0.5)', 26, 10);
    g.fillStyle = line;
    g.beginPath();
    for (const [x, y, r] of PUFFS) {
      g.moveTo(x + r + 5, y);
      g.arc(x, y, r + 5, 0, 2 * Math.PI);
    }
    g.fill();
    noShadow(g);
    const air = g.createLinearGradient(0, 1109, 0, 1160);
    air.addColorStop(0, '#f9f6ff');
    air.addColorStop(1, '#d6ccff');
    g.fillStyle = air;
    for (const [x, y, r] of PUFFS) {
      disc(g, x, y, r);
      g.fill();
    }
    g.fillRect(112, 900, 496, 190);
  });
};

/** A little star that carries the banner by a thread. */
const bearer = (g, t, x, y, size, lean, toX, toY) => {
  g.strokeStyle = '#ffe2a0';
  g.lineWidth = 3;
  g.beginPath();
  g.moveTo(x, y);
  g.quadraticCurveTo((x + toX) / 2, (y + toY) / 2 + 4, toX, toY);
  g.stroke();
  glow(g, x, y, 66 * size, '#ffd98a', 0.75);
  g.save();
  g.translate(x, y);
  g.rotate(lean);
  g.scale(size, size);
  g.lineJoin = 'round';
  g.lineWidth = 12;
  g.strokeStyle = '#ffc95e';
  g.fillStyle = '#fff0bd';
  starPath(g, 0, 0, 24, 0, 0.58);
  g.stroke();
  g.fill();
  g.strokeStyle = '#6a3a2a';
  g.lineWidth = 2.8;
  g.lineCap = 'round';
  const shut = Math.sin(2.1 * t + x) > 0.96;
  for (const side of [-1, 1]) {
    g.beginPath();
    if (shut) g.arc(side * 7, -3, 3.4, 0.1 * Math.PI, 0.9 * Math.PI);
    else g.ellipse(side * 7, -2, 1.2, 2.2, 0, 0, 2 * Math.PI);
    g.stroke();
  }
  g.beginPath();
  g.arc(0, 2, 4.6, 0.12 * Math.PI, 0.88 * Math.PI);
  g.stroke();
  g.fillStyle = 'rgba(255,130,120,0.6)';
  for (const side of [-1, 1]) {
    disc(g, side * 12.5, 3.5, 3.6, 2.4);
    g.fill();
  }
  g.restore();
};
const banner = (g, t) => {
  const { pop, gone } = BUBBLES.banner;
  const wide = presence(BUBBLES.banner, t);
  const here = smooth(t, pop - 0.2, pop + 0.08) * (1 - smooth(t, gone - 0.16, gone + 0.16));
  if (here <= 0.01) return;
  const [left, top, right, bottom, notch] = [52, 866, 668, 1108, 24];
  const reach = Math.max(0.06, wide);
  // The stars pull the cloth apart, and drop it together when it is done.
  for (const side of [-1, 1]) {
    const x = 360 + side * 274 * reach + side * 3 * Math.sin(2.3 * t + side);
    const y = 826 + 3 * Math.sin(3 * t + side) - 60 * (1 - here);
    bearer(
      g,
      t,
      x,
      y,
      here,
      side * (0.2 + 0.16 * Math.sin(2.6 * t + side)) - side * 0.8 * (1 - Math.min(1, wide)),
      360 + side * 292 * reach,
      lerp(y, top + 12, Math.min(1, wide * 2)),
    );
  }
  if (wide <= 0.01) return;
  g.save();
  if (wide !== 1) {
    g.translate(360, top);
    g.scale(wide, Math.min(1, 3 * wide));
    g.translate(-360, -top);
  }
  const ticket = (grow) => {
    const [l, u, r, d, n] = [left - grow, top - grow, right + grow, bottom + grow, notch];
    g.beginPath();
    g.moveTo(l + n, u);
    g.lineTo(306, u);
    g.quadraticCurveTo(334, u - 16, 350, u - 66);
    g.quadraticCurveTo(362, u - 20, 366, u);
    g.lineTo(r - n, u);
    g.arc(r, u, n, Math.PI, Math.PI / 2, true);
    g.lineTo(r, d - n);
    g.arc(r, d, n, -Math.PI / 2, Math.PI, true);
    g.lineTo(l + n, d);
    g.arc(l, d, n, 0, -Math.PI / 2, true);
    g.lineTo(l, u + n);
    g.arc(l, u, n, Math.PI / 2, 0, true);
    g.closePath();
  };
  const cloth = '#20246f';
  shadow(g, 'rgba(8,6,40,0.6)', 26, 10);
  ticket(0);
  g.fillStyle = cloth;
  g.fill();
  noShadow(g);
  g.strokeStyle = '#ffcb66';
  g.lineWidth = 6;
  g.lineJoin = 'round';
  g.stroke();
  for (const [x, y, r] of [
    [77, 904, 5],
    [643, 904, 5],
    [77, 1070, 5],
    [643, 1070, 5],
    [74, 987, 7],
    [646, 987, 7],
  ]) {
    g.fillStyle = '#ffd983';
    starPath(g, x, y, r, 0, 0.45);
    g.fill();
  }
  g.restore();
};

const heart = (g, t) => {
  const { pop, end } = BUBBLES.heart;
  for (const [i, [x, y, r]] of [
    [534, 770, 12],
    [560, 812, 18],
  ].entries()) {
    const k =
      outBack(span(t, pop - 0.1 + i * 0.08, pop + 0.2 + i * 0.08), 2.4) *
      (1 - smooth(t, end + CALM + 0.04 * i, end + CALM + 0.04 * i + 0.16));
    if (k <= 0.02) continue;
    heartPath(g, x, y + 2 * Math.sin(3 * t + i), r * k * (1 + 0.06 * Math.sin(7 * t + i)));
    g.fillStyle = '#fff6f0';
    g.strokeStyle = '#ee5d6c';
    g.lineWidth = 4;
    g.lineJoin = 'round';
    g.stroke();
    g.fill();
  }
  springing(g, presence(BUBBLES.heart, t), 440, 850, 0.12, () => {
    const outline = (d) => {
      g.beginPath();
      g.moveTo(360, 888 + d);
      g.bezierCurveTo(330 + d * 0.3, 842 + d, 276, 834 + d, 222, 834 + d);
      g.bezierCurveTo(104 + d * 0.5, 834 + d, 28 + d, 906, 28 + d, 1000);
      g.bezierCurveTo(28 + d, 1110, 190 + d * 0.3, 1188 - d, 360, 1254 - d);
      g.bezierCurveTo(530 - d * 0.3, 1188 - d, 692 - d, 1110, 692 - d, 1000);
      g.bezierCurveTo(692 - d, 906, 616 - d * 0.5, 834 + d, 498, 834 + d);
      g.bezierCurveTo(444, 834 + d, 390 - d * 0.3, 842 + d, 360, 888 + d);
      g.closePath();
    };
    const blush = g.createLinearGradient(0, 1108, 0, 1254);
    blush.addColorStop(0, '#fff5ee');
    blush.addColorStop(1, '#ffcfcf');
    shadow(g, 'rgba(120,40,90,0.45)', 30, 12);
    outline(0);
    g.fillStyle = blush;
    g.fill();
    noShadow(g);
    g.strokeStyle = '#ee5d6c';
    g.lineWidth = 7;
    g.lineJoin = 'round';
    g.stroke();
    g.strokeStyle = rgba('#f4949a', 0.75);
    g.lineWidth = 3;
    g.setLineDash([3, 11]);
    g.lineCap = 'round';
    outline(11);
    g.stroke();
    g.setLineDash([]);
    heartPath(g, 360, 1172, 30);
    g.fillStyle = '#f4747e';
    g.fill();
    for (const [x, r] of [
      [306, 7],
      [414, 7],
    ]) {
      starPath(g, x, 1150, r + 2, 0, 0.5);
      g.fillStyle = '#ffc56b';
      g.fill();
    }
  });
};

/** All bubbles of the moment t. */
export const drawBubbles = (g, t) => {
  for (const draw of [hello, thought, banner, heart]) {
    g.save();
    draw(g, t);
    g.restore();
  }
};
