/** Everything behind the balloon: sky, stars, moon and sun, the village far below, and the clouds. */
import { createCanvas } from '@napi-rs/canvas';
import {
  bump,
  burner,
  climb,
  cloudAt,
  dawn,
  HEIGHT,
  lerp,
  mix,
  onBalloon,
  random,
  rgba,
  smooth,
  smoother,
  span,
  WIDTH,
} from './story.mjs';

const TAU = Math.PI * 2;
export const disc = (g, x, y, rx, ry = rx, turn = 0) => {
  g.beginPath();
  g.ellipse(x, y, rx, ry, turn, 0, TAU);
};
export const glow = (g, x, y, radius, hex, alpha) => {
  const light = g.createRadialGradient(x, y, 0, x, y, radius);
  for (const [stop, share] of [
    [0, 1],
    [0.25, 0.55],
    [0.5, 0.22],
    [0.75, 0.06],
    [1, 0],
  ])
    light.addColorStop(stop, rgba(hex, alpha * share));
  g.fillStyle = light;
  g.fillRect(x - radius, y - radius, 2 * radius, 2 * radius);
};
export const starPath = (g, x, y, radius, turn = 0, inner = 0.5) => {
  g.beginPath();
  for (let i = 0; i < 10; i++) {
    const r = i % 2 ? radius * inner : radius;
    const a = turn + (i * Math.PI) / 5 - Math.PI / 2;
    g.lineTo(x + r * Math.cos(a), y + r * Math.sin(a));
  }
  g.closePath();
};

// ---- clouds ------------------------------------------------------------------------------------------------------------------------------

/** Palettes of night and dawn, from far (hazy) to near. */
const CLOUDS = {
  far: { night: ['#8a86d6', '#5f5bb0', '#4a4799'], dawn: ['#ffe9c9', '#ffc2ae', '#e9a3b6'] },
  middle: { night: ['#a6a2ea', '#5a57ae', '#393684'], dawn: ['#fff0d6', '#fbb9b0', '#c98bb9'] },
  near: { night: ['#bdbaf6', '#6561b8', '#373480'], dawn: ['#fff3e0', '#f9b7b4', '#b57fb8'] },
};
const LIGHT = { night: [0.42, -0.62], dawn: [-0.55, -0.5] };

/** Lit on the crown and melting into its neighbours below, so that many of them make one cloud and not a heap of balls. */
const puff = (g, x, y, r, [light, body], [lx, ly]) => {
  const long = Math.hypot(lx, ly);
  const [dx, dy] = [lx / long, ly / long];
  const fill = g.createLinearGradient(x + dx * r, y + dy * r, x - dx * r, y - dy * r);
  fill.addColorStop(0, light);
  fill.addColorStop(0.22, mix(light, body, 0.42));
  fill.addColorStop(0.5, body);
  fill.addColorStop(0.86, rgba(body, 0));
  g.fillStyle = fill;
  disc(g, x, y, r);
  g.fill();
};
const fadeBelow = (g, w, from, to) => {
  g.globalCompositeOperation = 'destination-out';
  const fade = g.createLinearGradient(0, from, 0, to);
  fade.addColorStop(0, 'rgba(0,0,0,0)');
  fade.addColorStop(0.5, 'rgba(0,0,0,0.45)');
  fade.addColorStop(1, 'rgba(0,0,0,1)');
  g.fillStyle = fade;
  g.fillRect(0, from, w, 4000);
  g.globalCompositeOperation = 'source-over';
};
/** The same shape painted twice, for night and for dawn; `paint` must draw the same random numbers each time. */
const twice = (width, height, seed, depth, paint) => {
  const [night, day] = ['night', 'dawn'].map((hour) => {
    const canvas = createCanvas(width, height);
    paint(canvas.getContext('2d'), random(seed), CLOUDS[depth][hour], LIGHT[hour]);
    return canvas;
  });
  return { night, day, width, height };
};
/** A single cloud with a flat soft foot. */
const cloud = (width, height, seed, depth) =>
  twice(width, height, seed, depth, (g, dice, palette, light) => {
    const foot = height * 0.74;
    const puffs = [];
    const count = Math.max(6, Math.round(width / (height * 0.2)));
    for (let i = 0; i < count; i++) {
      const u = (i + 0.5) / count;
      const hump = Math.sin(Math.PI * u) ** 0.8 * (0.65 + 0.35 * dice());
      const r = height * lerp(0.1, 0.25, hump) * (0.85 + 0.3 * dice());
      puffs.push([lerp(height * 0.16, width - height * 0.16, u), foot - r * 0.35 - hump * height * 0.26 * dice(), r]);
      puffs.push([lerp(height * 0.2, width - height * 0.2, u), foot - r * 0.1, r * 0.9]);
    }
    puffs.sort((a, b) => a[1] - b[1]);
    g.fillStyle = palette[1];
    for (const [x, y, r] of puffs) {
      disc(g, x, y + r * 0.1, r * 0.9);
      g.fill();
    }
    for (const [x, y, r] of puffs) puff(g, x, y, r, palette, light);
    const under = g.createLinearGradient(0, foot - height * 0.34, 0, foot + height * 0.1);
    under.addColorStop(0, rgba(palette[2], 0));
    under.addColorStop(1, rgba(palette[2], 0.62));
    g.globalCompositeOperation = 'source-atop';
    g.fillStyle = under;
    g.fillRect(0, 0, width, height);
    g.globalCompositeOperation = 'source-over';
    fadeBelow(g, width, foot - height * 0.04, foot + height * 0.18);
  });
/** A bank of clouds that repeats after `width` and fades out below. */
const bank = (width, height, size, seed, depth, ranks = 3) =>
  twice(width, height, seed, depth, (g, dice, palette, light) => {
    const [, body, shade] = palette;
    const fill = g.createLinearGradient(0, size * 1.4, 0, height);
    fill.addColorStop(0, body);
    fill.addColorStop(1, shade);
    g.fillStyle = fill;
    const rows = [];
    const count = Math.round(width / (size * 0.62));
    for (let row = 0; row < ranks; row++) {
      for (let i = 0; i < count; i++) {
        const x = ((i + (row % 2) * 0.5 + 0.3 * dice()) * width) / count;
        const hill = 0.5 + 0.3 * Math.sin((TAU * x) / width + seed) + 0.2 * Math.sin((2 * TAU * x) / width + 2 * seed);
        const r = size * (0.45 + 0.75 * dice() ** 1.6) * (0.7 + 0.45 * hill);
        rows.push([x, size * (1.95 - 0.95 * hill) + row * size * 0.55, r, 0.75 * dice()]);
      }
    }
    g.fillRect(0, size * 2.1, width, height);
    for (const [x, y, r, dull] of rows) {
      const tint = [mix(palette[0], body, dull), body];
      for (const shift of [-width, 0, width]) puff(g, x + shift, y, r, tint, light);
    }
    const haze = g.createLinearGradient(0, size * (ranks * 0.6 - 0.75), 0, size * (ranks * 0.6 + 1.1));
    haze.addColorStop(0, rgba(body, 0));
    haze.addColorStop(1, rgba(mix(body, shade, 0.75), 0.92));
    g.globalCompositeOperation = 'source-atop';
    g.fillStyle = haze;
    g.fillRect(0, 0, width, height);
    g.globalCompositeOperation = 'source-over';
    fadeBelow(g, width, height * 0.42, height);
  });

const put = (g, picture, x, y, alpha, k) => {
  if (y > HEIGHT || y + picture.height < 0) return;
  g.globalAlpha = alpha;
  if (k < 0.995) g.drawImage(picture.night, x, y);
  g.globalAlpha = alpha * k;
  if (k > 0.005) g.drawImage(picture.day, x, y);
  g.globalAlpha = 1;
};
const putBank = (g, picture, offset, y, alpha, k) => {
  let x = -(((offset % picture.width) + picture.width) % picture.width);
  for (; x < WIDTH; x += picture.width) put(g, picture, x, y, alpha, k);
};

const BANKS = {
  horizon: bank(900, 420, 40, 11, 'far'),
  middle: bank(980, 760, 66, 7, 'middle'),
  front: bank(1080, 860, 92, 5, 'near', 4),
  curtain: bank(1180, 980, 120, 3, 'near', 7),
};
/** Single clouds: picture, place at the beginning, speed to the left, how strongly the climb moves them down. */
const DRIFTERS = [
  { picture: cloud(300, 96, 21, 'far'), x: 330, y: 196, speed: 7, fall: 900, alpha: 0.5 },
  { picture: cloud(210, 70, 22, 'far'), x: 620, y: 118, speed: 5, fall: 800, alpha: 0.4 },
  { picture: cloud(330, 120, 23, 'far'), x: 30, y: 818, speed: 9, fall: 700, alpha: 0.75 },
  { picture: cloud(360, 120, 24, 'far'), x: 540, y: 470, speed: 9, fall: 800, alpha: 0.55 },
  { picture: cloud(420, 170, 25, 'middle'), x: 470, y: 860, speed: 17, fall: 800, alpha: 0.95 },
  { picture: cloud(430, 190, 26, 'middle'), x: -170, y: 900, speed: 15, fall: 800, alpha: 0.95 },
  { picture: cloud(560, 230, 27, 'near'), x: 400, y: 1110, speed: 30, fall: 700, alpha: 0.97 },
  { picture: cloud(520, 210, 28, 'near'), x: -330, y: 1140, speed: 24, fall: 700, alpha: 0.97 },
  { picture: cloud(480, 200, 29, 'near'), x: 880, y: 1150, speed: 30, fall: 700, alpha: 0.97 },
];
const SEAT = cloud(318, 232, 43, 'near');

// ---- sky ---------------------------------------------------------------------------------------------------------------------------------

const SKY = [
  [0, '#0c1038', '#5a76c4'],
  [0.3, '#1a1e5c', '#8f95d8'],
  [0.52, '#36327f', '#d7a6c8'],
  [0.66, '#5b4c9c', '#ffb9a6'],
  [0.74, '#6a58a8', '#ffd7a2'],
  [1, '#2c2770', '#ffe9c6'],
];
const dice = random(2024);
const STARS = Array.from({ length: 150 }, () => {
  const big = dice() ** 3;
  return {
    x: dice() * WIDTH,
    y: dice() ** 1.25 * 860,
    r: lerp(0.7, 2.5, big),
    big,
    beat: lerp(1.3, 3.6, dice()),
    phase: dice() * TAU,
    warm: dice() < 0.3,
  };
});
/** A painterly mottle, so that the sky is not a bare gradient. */
const MOTTLE = (() => {
  const small = createCanvas(30, 54);
  const g = small.getContext('2d');
  const grain = random(77);
  for (let y = 0; y < 54; y++) {
    for (let x = 0; x < 30; x++) {
      g.fillStyle = `rgba(${grain() < 0.5 ? '255,255,255' : '0,0,30'},${grain() * 0.5})`;
      g.fillRect(x, y, 1, 1);
    }
  }
  const canvas = createCanvas(WIDTH, HEIGHT);
  const big = canvas.getContext('2d');
  big.imageSmoothingEnabled = true;
  big.imageSmoothingQuality = 'high';
  big.drawImage(small, 0, 0, WIDTH, HEIGHT);
  return canvas;
})();

const MOON = { x: 556, y: 392, r: 156 };
const MOON_FACE = (() => {
  const size = 2 * MOON.r + 4;
  const canvas = createCanvas(size, size);
  const g = canvas.getContext('2d');
  const c = size / 2;
  disc(g, c, c, MOON.r);
  g.clip();
  const fill = g.createRadialGradient(c + 30, c - 44, 20, c, c, MOON.r * 1.1);
  fill.addColorStop(0, '#fffbe8');
  fill.addColorStop(0.55, '#ffefc6');
  fill.addColorStop(1, '#f0cfa8');
  g.fillStyle = fill;
  g.fillRect(0, 0, size, size);
  const roll = random(9);
  const seas = [
    [-58, -48, 44, 34],
    [-14, -84, 26, 18],
    [-78, 22, 30, 40],
    [-20, 2, 20, 15],
    [42, -40, 17, 13],
    [78, 14, 24, 30],
    [18, 62, 38, 24],
    [-44, 88, 24, 15],
    [62, -92, 14, 9],
    [84, -46, 9, 8],
  ];
  for (const [x, y, rx, ry] of seas) {
    g.fillStyle = 'rgba(226,182,148,0.3)';
    disc(g, c + x, c + y, rx, ry, roll());
    g.fill();
    g.fillStyle = 'rgba(255,246,216,0.22)';
    disc(g, c + x - 3, c + y + 4, rx * 0.82, ry * 0.8, roll());
    g.fill();
  }
  const edge = g.createRadialGradient(c + 26, c - 26, MOON.r * 0.8, c, c, MOON.r * 1.05);
  edge.addColorStop(0, 'rgba(190,130,150,0)');
  edge.addColorStop(1, 'rgba(170,120,160,0.42)');
  g.fillStyle = edge;
  g.fillRect(0, 0, size, size);
  return canvas;
})();

const drawStars = (g, t, k) => {
  const shown = 1 - smooth(k, 0.25, 0.85);
  for (const { x, y, r, big, beat, phase, warm } of STARS) {
    const twinkle = 0.62 + 0.38 * Math.sin((TAU * t) / beat + phase);
    const alpha =
      shown * twinkle * (0.5 + 0.5 * big) * (1 - 0.6 * span(y, 560, 860)) +
      (big > 0.7 ? 0.35 * (1 - shown) * twinkle * (1 - smooth(k, 0.8, 1)) : 0);
    if (alpha < 0.02) continue;
    const sx = (((x - 1.6 * t) % WIDTH) + WIDTH) % WIDTH;
    g.fillStyle = rgba(warm ? '#ffe9b8' : '#e8ecff', alpha);
    disc(g, sx, y, r);
    g.fill();
    if (big > 0.45) {
      glow(g, sx, y, r * 6, warm ? '#ffdf9a' : '#c9d2ff', 0.5 * alpha);
      const ray = r * (3 + 2.4 * twinkle);
      g.fillStyle = rgba('#ffffff', alpha * 0.8);
      for (const turn of [0, Math.PI / 2]) {
        disc(g, sx, y, ray, r * 0.3, turn);
        g.fill();
      }
    }
  }
};
const shootingStar = (g, t, from, x, y) => {
  const k = span(t, from, from + 0.7);
  if (k <= 0 || k >= 1) return;
  const [hx, hy] = [x + 300 * k, y + 120 * k];
  const tail = 130 * Math.sin(Math.PI * k);
  const fill = g.createLinearGradient(hx, hy, hx - tail, hy - tail * 0.4);
  fill.addColorStop(0, rgba('#ffffff', 0.95 * Math.sin(Math.PI * k)));
  fill.addColorStop(1, 'rgba(255,255,255,0)');
  g.strokeStyle = fill;
  g.lineCap = 'round';
  g.lineWidth = 3.2;
  g.beginPath();
  g.moveTo(hx, hy);
  g.lineTo(hx - tail, hy - tail * 0.4);
  g.stroke();
  glow(g, hx, hy, 22, '#fff4d0', 0.7 * Math.sin(Math.PI * k));
};

const drawMoon = (g, t, k) => {
  const x = MOON.x + 4 * smoother(t, 0, 12);
  const y = MOON.y - 10 + 20 * smooth(t, 0, 8) - 150 * smoother(t, 8.1, 10.2);
  const day = smooth(k, 0.3, 0.95);
  glow(g, x, y, 520, mix('#b8a8ff', '#ffe2d8', day), lerp(0.62, 0.14, day));
  glow(g, x, y, 300, '#fff0cc', lerp(0.5, 0.12, day));
  const corner = [x - MOON_FACE.width / 2, y - MOON_FACE.height / 2];
  g.globalAlpha = 1 - day;
  g.drawImage(MOON_FACE, ...corner);
  g.globalCompositeOperation = 'screen';
  g.globalAlpha = 0.42 * day;
  g.drawImage(MOON_FACE, ...corner);
  g.globalCompositeOperation = 'source-over';
  g.globalAlpha = 1;
};
const drawSun = (g, t) => {
  const k = smoother(t, 8.9, 12.2);
  if (k <= 0) return;
  const [x, y] = [118, lerp(1010, 838, k)];
  glow(g, x, y, 760, '#ffcf8a', 0.75 * k);
  g.save();
  g.translate(x, y);
  g.rotate(0.03 * (t - 9));
  for (let i = 0; i < 18; i++) {
    g.rotate(TAU / 18);
    const reach = 620 + 110 * Math.sin(2.4 * i);
    const ray = g.createRadialGradient(0, 0, 60, 0, 0, reach);
    ray.addColorStop(0, rgba('#fff2cf', 0.26 * k));
    ray.addColorStop(1, 'rgba(255,240,205,0)');
    g.fillStyle = ray;
    g.beginPath();
    g.moveTo(0, 0);
    g.lineTo(reach, -reach * 0.062);
    g.lineTo(reach, reach * 0.062);
    g.fill();
  }
  g.restore();
  glow(g, x, y, 250, '#fff0c0', k);
  g.fillStyle = rgba('#fffbe9', smooth(k, 0, 0.3));
  disc(g, x, y, 74);
  g.fill();
};

// ---- the village far below ---------------------------------------------------------------------------------------------------------------

const LAMPS = [];
const VALLEY = (() => {
  const canvas = createCanvas(860, 460);
  const g = canvas.getContext('2d');
  const roll = random(31);
  const ridge = (base, height, waves, top, foot) => {
    const at = (x) =>
      base -
      height * waves.reduce((sum, [length, size, phase]) => sum + size * Math.sin((TAU * x) / length + phase), 0);
    const fill = g.createLinearGradient(0, base - height, 0, base + 190);
    fill.addColorStop(0, top);
    fill.addColorStop(1, foot);
    g.fillStyle = fill;
    g.beginPath();
    g.moveTo(0, 460);
    for (let x = 0; x <= 860; x += 6) g.lineTo(x, at(x));
    g.lineTo(860, 460);
    g.fill();
    return at;
  };
  const house = (x, y, w, h, wall, roof) => {
    g.fillStyle = wall;
    g.fillRect(x - w / 2, y - h, w, h + 3);
    g.fillStyle = roof;
    g.beginPath();
    g.moveTo(x - w * 0.66, y - h + 1);
    g.lineTo(x, y - h - w * 0.52);
    g.lineTo(x + w * 0.66, y - h + 1);
    g.fill();
    LAMPS.push({ x: x - w * 0.2, y: y - h * 0.48, r: w * 0.13, phase: roll() * TAU });
    if (w > 17) LAMPS.push({ x: x + w * 0.22, y: y - h * 0.48, r: w * 0.13, phase: roll() * TAU });
  };
  const tree = (x, y, h, colour) => {
    g.fillStyle = colour;
    g.beginPath();
    g.moveTo(x - h * 0.3, y + 3);
    g.quadraticCurveTo(x - h * 0.1, y - h * 0.5, x, y - h);
    g.quadraticCurveTo(x + h * 0.1, y - h * 0.5, x + h * 0.3, y + 3);
    g.fill();
  };
  const back = ridge(
    132,
    24,
    [
      [520, 1, 2.4],
      [230, 0.4, 0],
    ],
    '#4b4598',
    '#2f2b70',
  );
  for (let i = 0; i < 26; i++) {
    const x = roll() * 860;
    tree(x, back(x) + 4, 9 + 8 * roll(), '#3d3984');
  }
  for (const x of [150, 172, 190, 214, 420, 438, 462, 640, 664])
    house(x, back(x) + 12 + 6 * roll(), 11 + 4 * roll(), 9 + 3 * roll(), '#3b377f', '#2c2868');
  // A river carries the moonlight down to the near hill.
  const shine = g.createLinearGradient(0, 150, 0, 420);
  shine.addColorStop(0, 'rgba(214,205,255,0.75)');
  shine.addColorStop(1, 'rgba(150,140,230,0.35)');
  const middle = ridge(
    214,
    26,
    [
      [600, 1, 4.2],
      [260, 0.35, 1],
    ],
    '#332f7a',
    '#1f1c56',
  );
  g.fillStyle = shine;
  g.beginPath();
  g.moveTo(560, middle(560) + 3);
  g.bezierCurveTo(520, 250, 640, 270, 560, 320);
  g.bezierCurveTo(490, 360, 560, 400, 470, 460);
  g.lineTo(640, 460);
  g.bezierCurveTo(640, 400, 580, 360, 620, 325);
  g.bezierCurveTo(690, 270, 560, 250, 572, middle(572) + 3);
  g.fill();
  for (let i = 0; i < 30; i++) {
    const x = roll() * 860;
    if (Math.abs(x - 566) > 60) tree(x, middle(x) + 5 + 20 * roll(), 14 + 12 * roll(), '#2a2769');
  }
  for (const x of [86, 118, 146, 182, 216, 252, 290, 334, 372, 408, 446, 700, 736, 776])
    house(x, middle(x) + 24 + 22 * roll(), 17 + 6 * roll(), 14 + 5 * roll(), '#2b2869', '#1d1a52');
  // The chapel.
  house(314, middle(314) + 34, 26, 26, '#2b2869', '#1d1a52');
  g.fillStyle = '#2b2869';
  g.fillRect(324, middle(314) - 18, 13, 54);
  g.fillStyle = '#1d1a52';
  g.beginPath();
  g.moveTo(321, middle(314) - 17);
  g.lineTo(330.5, middle(314) - 50);
  g.lineTo(340, middle(314) - 17);
  g.fill();
  LAMPS.push({ x: 330.5, y: middle(314) - 4, r: 2.6, phase: 1 });
  const near = ridge(
    330,
    30,
    [
      [700, 1, 1.2],
      [310, 0.3, 3],
    ],
    '#211e59',
    '#100e36',
  );
  for (let i = 0; i < 34; i++) {
    const x = roll() * 860;
    if (x < 460 || x > 660) tree(x, near(x) + 6 + 50 * roll(), 22 + 18 * roll(), '#1a184b');
  }
  for (const x of [60, 130, 205, 268, 720, 790])
    house(x, near(x) + 52 + 26 * roll(), 27 + 7 * roll(), 21 + 6 * roll(), '#1f1c55', '#131140');
  for (let i = 0; i < 16; i++)
    LAMPS.push({
      x: 90 + i * 25 + 8 * roll(),
      y: near(90 + i * 25) + 28 + 18 * Math.sin(i),
      r: 1.7,
      phase: roll() * TAU,
    });
  g.globalCompositeOperation = 'source-atop';
  const mist = g.createLinearGradient(0, 40, 0, 320);
  mist.addColorStop(0, 'rgba(104,92,182,0.8)');
  mist.addColorStop(0.5, 'rgba(96,86,176,0.3)');
  mist.addColorStop(1, 'rgba(96,86,176,0)');
  g.fillStyle = mist;
  g.fillRect(0, 0, 860, 460);
  g.globalCompositeOperation = 'destination-out';
  const veil = g.createLinearGradient(0, 96, 0, 186);
  veil.addColorStop(0, 'rgba(0,0,0,1)');
  veil.addColorStop(1, 'rgba(0,0,0,0)');
  g.fillStyle = veil;
  g.fillRect(0, 0, 860, 190);
  return canvas;
})();
const drawValley = (g, t) => {
  const [x, y] = [-20 - 7 * t, 846 + 560 * climb(t)];
  if (y > HEIGHT) return;
  g.drawImage(VALLEY, x, y);
  for (const lamp of LAMPS) {
    const flicker = 0.8 + 0.2 * Math.sin(2.1 * t + lamp.phase) * Math.sin(5.3 * t + 2 * lamp.phase);
    glow(g, x + lamp.x, y + lamp.y, 5 + lamp.r * 6.5, '#ffb85c', 0.55 * flicker);
    g.fillStyle = rgba('#ffe3a0', flicker);
    g.fillRect(x + lamp.x - lamp.r, y + lamp.y - lamp.r, 2 * lamp.r, 2.3 * lamp.r);
  }
};

const drawBirds = (g, t) => {
  const k = span(t, 9.3, 12.6);
  if (k <= 0) return;
  g.strokeStyle = rgba('#6f5a9c', 0.75 * smooth(t, 9.3, 9.9));
  g.lineCap = 'round';
  for (const [dx, dy, size, phase] of [
    [0, 0, 13, 0],
    [-38, 20, 10, 1.4],
    [-30, -22, 9, 2.7],
    [-66, -4, 8, 4],
  ]) {
    const flap = Math.sin(TAU * 1.9 * t + phase);
    const [x, y] = [lerp(20, 128, k) + dx, lerp(420, 300, k) + dy + 3 * Math.sin(2 * t + phase)];
    g.lineWidth = size * 0.22;
    g.beginPath();
    g.moveTo(x - size, y - size * 0.5 * flap);
    g.quadraticCurveTo(x - size * 0.4, y - size * (0.35 + 0.25 * flap), x, y);
    g.quadraticCurveTo(x + size * 0.4, y - size * (0.35 + 0.25 * flap), x + size, y - size * 0.5 * flap);
    g.stroke();
  }
};

/** The cloud on which the friend sits has a sleepy face and minds being jumped from. */
const drawSeat = (g, t, k) => {
  const { x, y, squash } = cloudAt(t);
  if (y > HEIGHT + 60) return;
  g.save();
  g.translate(x, y + 62);
  g.scale(1 + squash * 0.8, 1 - squash);
  put(g, SEAT, -SEAT.width / 2, -SEAT.height + 70, 1, k);
  const awake = bump(t, 6.95, 7.1, 8.2);
  const ink = '#2f2b70';
  g.strokeStyle = ink;
  g.fillStyle = ink;
  g.lineWidth = 4;
  g.lineCap = 'round';
  for (const side of [-1, 1]) {
    const ex = 46 + side * 25;
    g.beginPath();
    if (awake > 0.5) g.ellipse(ex, -28, 4.2, 5.5, 0, 0, TAU);
    else g.arc(ex, -31, 7.5, 0.15 * Math.PI, 0.85 * Math.PI);
    if (awake > 0.5) g.fill();
    else g.stroke();
  }
  g.beginPath();
  if (awake > 0.5) g.ellipse(46, -15, 3.6, 4.6, 0, 0, TAU);
  else g.arc(46, -21, 5, 0.1 * Math.PI, 0.9 * Math.PI);
  g.stroke();
  for (const side of [-1, 1]) {
    g.fillStyle = 'rgba(255,150,170,0.5)';
    disc(g, 46 + side * 38, -20, 9, 6);
    g.fill();
  }
  g.restore();
};

/** Sky, valley and clouds at the moment t: all that stands behind the balloon. */
export const drawSky = (g, t) => {
  const k = dawn(t);
  const up = climb(t);
  const sky = g.createLinearGradient(0, 0, 0, HEIGHT);
  for (const [stop, night, day] of SKY) sky.addColorStop(stop, mix(night, day, k));
  g.fillStyle = sky;
  g.fillRect(0, 0, WIDTH, HEIGHT);
  g.globalCompositeOperation = 'soft-light';
  g.globalAlpha = lerp(0.17, 0.08, k);
  g.drawImage(MOTTLE, 0, 0);
  g.globalAlpha = 1;
  g.globalCompositeOperation = 'source-over';
  drawStars(g, t, k);
  shootingStar(g, t, 0.15, 150, 60);
  shootingStar(g, t, 5.9, 330, 40);
  drawMoon(g, t, k);
  drawSun(g, t);
  drawBirds(g, t);
  const lit = smooth(k, 0.1, 0.85);
  putBank(g, BANKS.horizon, 6 * t + 150, 790 + 24 * up, 1, lit);
  drawValley(g, t);
  for (const { picture, x, y, speed, fall, alpha } of DRIFTERS)
    put(g, picture, x - speed * t, y + fall * up * up, alpha, lit);
  // The layer through which the balloon climbs: it comes from above and ends as the sea of clouds below.
  putBank(g, BANKS.middle, 16 * t + 420, lerp(-900, 842, smoother(t, 8.1, 9.95)), 1, lit);
  putBank(g, BANKS.front, 27 * t, lerp(-1150, 968, smoother(t, 8.05, 9.7)), 1, lit);
  drawSeat(g, t, lit);
  const { x, y, scale } = onBalloon(t, 0, -205);
  glow(g, x, y, 400 * scale, '#ffb057', 0.34 * burner(t) * lerp(1, 0.55, k));
};

/** The nearest clouds pass in front of everything. */
export const drawCurtain = (g, t) => {
  const y = lerp(-1100, 1118, smoother(t, 8.06, 9.52));
  if (t > 8.06) putBank(g, BANKS.curtain, 46 * t + 300, y, 0.98, smooth(dawn(t), 0.1, 0.6));
};
