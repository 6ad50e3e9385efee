/**
 * The cast. Each puppet is drawn in full daylight around its hips at (0, 0), about 190 units high; `drawActor` then lights it for the hour:
 * a veil of night, the burner's warmth, and a rim of moon or sun.
 */
import { createCanvas } from '@napi-rs/canvas';
import { disc, glow, starPath } from './sky.mjs';
import { burner, dawn, friendPose, lerp, mix, onBalloon, pilotPose } from './story.mjs';

const INK = '#2a1c42';
const PI = Math.PI;

const shape = (g, fill, draw) => {
  g.fillStyle = fill;
  g.beginPath();
  draw(g);
  g.fill();
};
const oval = (g, fill, x, y, rx, ry = rx, turn = 0) => {
  g.fillStyle = fill;
  disc(g, x, y, rx, ry, turn);
  g.fill();
};
const shaded = (g, x, y, r, light, dark) => {
  const fill = g.createRadialGradient(x - r * 0.2, y - r * 0.45, r * 0.1, x, y, r * 1.25);
  fill.addColorStop(0, light);
  fill.addColorStop(1, dark);
  return fill;
};
/** An arm or leg: 0 hangs down, half a turn points up; `side` is -1 left or 1 right. Returns the hand. */
const limb = (g, x, y, side, angle, length, width, fill, bend = 0.25) => {
  const hand = [x + side * Math.sin(angle) * length, y + Math.cos(angle) * length];
  const elbow = [x + side * Math.sin(angle + bend) * length * 0.56, y + Math.cos(angle + bend) * length * 0.56];
  g.strokeStyle = fill;
  g.lineWidth = width;
  g.lineCap = 'round';
  g.beginPath();
  g.moveTo(x, y);
  g.quadraticCurveTo(...elbow, ...hand);
  g.stroke();
  return hand;
};
/** Cloth in the wind, flowing to the left. */
const ribbon = (g, x, y, length, width, t, fill, { droop = 26, phase = 0, stripes, fringe } = {}) => {
  const at = (s) => [x - length * s, y + droop * s * s + (5 + 9 * s) * s * Math.sin(6 * s - 5.2 * t + phase)];
  const edge = (s, d) => {
    const [ax, ay] = at(s - 0.02);
    const [bx, by] = at(s + 0.02);
    const [nx, ny] = [-(by - ay), bx - ax];
    const l = Math.hypot(nx, ny);
    const [px, py] = at(s);
    return [px + (nx / l) * d, py + (ny / l) * d];
  };
  const band = (from, to, colour) => {
    g.fillStyle = colour;
    g.beginPath();
    for (let i = 0; i <= 16; i++)
      g.lineTo(...edge(lerp(from, to, i / 16), (width / 2) * (0.8 + 0.3 * lerp(from, to, i / 16))));
    for (let i = 16; i >= 0; i--)
      g.lineTo(...edge(lerp(from, to, i / 16), (-width / 2) * (0.8 + 0.3 * lerp(from, to, i / 16))));
    g.fill();
  };
  if (fringe) {
    g.strokeStyle = fringe;
    g.lineWidth = 3;
    for (const d of [-0.42, -0.14, 0.14, 0.42]) {
      g.beginPath();
      g.moveTo(...edge(0.98, d * width));
      g.lineTo(...edge(1.1, d * width * 1.2));
      g.stroke();
    }
  }
  band(0, 1, fill);
  for (const s of stripes?.at ?? []) band(s, s + stripes.size, stripes.fill);
};

const eye = (g, x, y, rx, ry, pose, colour = INK) => {
  if (pose.happy > 0.5 || pose.blink > 0.6) {
    g.strokeStyle = colour;
    g.lineWidth = Math.max(3.4, rx * 0.5);
    g.lineCap = 'round';
    g.beginPath();
    if (pose.happy > 0.5) g.arc(x, y + ry * 0.45, rx * 1.15, PI * 1.12, PI * 1.88);
    else g.arc(x, y - ry * 0.25, rx * 1.1, PI * 0.12, PI * 0.88);
    g.stroke();
    return;
  }
  const open = 1 - pose.blink;
  oval(g, colour, x, y, rx, ry * open);
  oval(
    g,
    '#ffffff',
    x - rx * 0.28 + pose.turn * rx * 0.2,
    y - ry * 0.36 * open + pose.nod * 2,
    rx * 0.36,
    rx * 0.4 * open,
  );
  oval(g, 'rgba(255,255,255,0.7)', x + rx * 0.32, y + ry * 0.4 * open, rx * 0.18);
};
const mouth = (g, x, y, w, open, lip = INK) => {
  g.strokeStyle = lip;
  g.lineWidth = 3.2;
  g.lineCap = 'round';
  if (open < 0.1) {
    g.beginPath();
    g.moveTo(x - w, y);
    g.quadraticCurveTo(x, y + w * 0.85, x + w, y);
    g.stroke();
    return;
  }
  g.save();
  g.beginPath();
  g.moveTo(x - w * 0.9, y - 1);
  g.quadraticCurveTo(x, y + 2, x + w * 0.9, y - 1);
  g.bezierCurveTo(x + w * 0.95, y + 6 + 17 * open, x - w * 0.95, y + 6 + 17 * open, x - w * 0.9, y - 1);
  g.closePath();
  g.fillStyle = '#6b1f3c';
  g.fill();
  g.clip();
  oval(g, '#ff8d8d', x, y + 7 + 11 * open, w * 0.62, 7);
  g.restore();
};
const cheeks = (g, x, y, apart, colour = 'rgba(255,110,120,0.42)') => {
  for (const side of [-1, 1]) oval(g, colour, x + side * apart, y, 10.5, 7);
};
const goggles = (g, x, y, apart, r, glass = '#8fd8e8') => {
  for (const side of [-1, 1]) {
    const cx = x + side * apart;
    oval(g, '#7a4a2b', cx, y, r + 4, r + 3.4);
    oval(g, '#f2bd5b', cx, y, r + 1.6, r + 1);
    const lens = g.createLinearGradient(cx - r, y - r, cx + r, y + r);
    lens.addColorStop(0, '#e9fbff');
    lens.addColorStop(0.45, glass);
    lens.addColorStop(1, '#3f74a8');
    oval(g, lens, cx, y, r - 2, r - 2.6);
    oval(g, 'rgba(255,255,255,0.85)', cx - r * 0.34, y - r * 0.36, r * 0.24, r * 0.16, -0.6);
  }
};
const head = (g, neckY, pose, draw) => {
  g.save();
  g.translate(0, neckY);
  g.rotate(pose.tilt);
  draw({ fx: pose.turn * 13, fy: pose.nod * 8 });
  g.restore();
};

// ---- pilots ------------------------------------------------------------------------------------------------------------------------------

const cat = (g, p) => {
  const [fur, deep, cream] = ['#ffa552', '#e57a35', '#fff0d9'];
  const sway = Math.sin(2.4 * p.t);
  // Tail.
  g.strokeStyle = deep;
  g.lineCap = 'round';
  g.lineWidth = 19;
  g.beginPath();
  g.moveTo(-24, 10);
  g.bezierCurveTo(-96, 0, -54 + 8 * sway, -64, -88 + 12 * sway, -100);
  g.stroke();
  g.strokeStyle = cream;
  g.lineWidth = 15;
  g.beginPath();
  g.moveTo(-83 + 11 * sway, -94);
  g.lineTo(-89 + 12.2 * sway, -101);
  g.stroke();
  ribbon(g, -14, -70, 92, 23, p.t, '#1f8f95', {
    droop: 8,
    phase: 1,
    stripes: { at: [0.58, 0.78], size: 0.09, fill: '#ffe8c6' },
    fringe: '#1f8f95',
  });
  ribbon(g, -14, -66, 74, 20, p.t, '#29aeb0', { droop: 34, phase: 2.2, fringe: '#29aeb0' });
  limb(g, -34, -56, -1, p.far, 52, 23, deep, 0.4);
  // Body.
  shape(g, shaded(g, 0, -40, 70, fur, deep), (c) => {
    c.moveTo(-30, -84);
    c.bezierCurveTo(-56, -50, -56, 10, -44, 40);
    c.lineTo(44, 40);
    c.bezierCurveTo(56, 10, 56, -50, 30, -84);
  });
  oval(g, cream, 4 + p.turn * 5, -18, 27, 44);
  head(g, -76, p, ({ fx, fy }) => {
    // Ears.
    for (const side of [-1, 1]) {
      const flick = side * 0.05 * Math.sin(7 * p.t) * Math.max(0, Math.sin(1.3 * p.t));
      g.save();
      g.translate(side * 39 + fx * 0.2, -82 + fy * 0.3);
      g.rotate(side * 0.28 + flick);
      shape(g, deep, (c) => {
        c.moveTo(-25, 16);
        c.quadraticCurveTo(-16, -34, side * 4, -40);
        c.quadraticCurveTo(18, -30, 25, 16);
      });
      shape(g, '#ff9c94', (c) => {
        c.moveTo(-13, 14);
        c.quadraticCurveTo(-8, -18, side * 3, -25);
        c.quadraticCurveTo(10, -16, 14, 14);
      });
      g.restore();
    }
    shape(g, shaded(g, 0, -50, 62, '#ffb765', '#f08a3c'), (c) => {
      c.moveTo(0, -100);
      c.bezierCurveTo(44, -100, 64, -72, 62, -46);
      c.bezierCurveTo(74, -30, 60, -22, 54, -18);
      c.bezierCurveTo(36, 2, -36, 2, -54, -18);
      c.bezierCurveTo(-60, -22, -74, -30, -62, -46);
      c.bezierCurveTo(-64, -72, -44, -100, 0, -100);
    });
    g.strokeStyle = '#cf6428';
    g.lineWidth = 6;
    g.lineCap = 'round';
    for (const [x, y, dx] of [
      [-58, -40, 12],
      [-58, -27, 10],
      [58, -40, -12],
      [58, -27, -10],
    ]) {
      g.beginPath();
      g.moveTo(x, y);
      g.lineTo(x + dx, y - 1);
      g.stroke();
    }
    // Flying cap strap and goggles on the forehead.
    shape(g, '#8a5433', (c) => {
      c.moveTo(-60, -66);
      c.bezierCurveTo(-30, -86, 30, -86, 60, -66);
      c.lineTo(56, -78);
      c.bezierCurveTo(28, -99, -28, -99, -56, -78);
    });
    goggles(g, fx * 0.55, -82 + fy * 0.5, 21, 18);
    oval(g, cream, fx - 11, -20 + fy, 19, 15);
    oval(g, cream, fx + 11, -20 + fy, 19, 15);
    oval(g, cream, fx, -10 + fy, 15, 10);
    cheeks(g, fx * 0.9, -24 + fy, 41);
    eye(g, fx - 25, -45 + fy, 8.4, 11.5, p);
    eye(g, fx + 25, -45 + fy, 8.4, 11.5, p);
    mouth(g, fx, -17 + fy, 9.5, p.mouth, '#7a3a2a');
    shape(g, '#f0616e', (c) => {
      c.moveTo(fx - 8, -31 + fy);
      c.quadraticCurveTo(fx, -35 + fy, fx + 8, -31 + fy);
      c.quadraticCurveTo(fx + 3, -22 + fy, fx, -21 + fy);
      c.quadraticCurveTo(fx - 3, -22 + fy, fx - 8, -31 + fy);
    });
    g.strokeStyle = 'rgba(255,248,235,0.85)';
    g.lineWidth = 2;
    for (const side of [-1, 1]) {
      for (const dy of [-4, 4]) {
        g.beginPath();
        g.moveTo(fx + side * 31, -18 + fy + dy * 0.6);
        g.quadraticCurveTo(fx + side * 52, -20 + fy + dy, fx + side * 69, -16 + fy + dy * 2.4);
        g.stroke();
      }
    }
  });
  // Scarf around the neck.
  shape(g, '#29aeb0', (c) => {
    c.moveTo(-42, -84);
    c.quadraticCurveTo(0, -58, 42, -84);
    c.quadraticCurveTo(50, -70, 40, -62);
    c.quadraticCurveTo(0, -42, -40, -62);
    c.quadraticCurveTo(-50, -70, -42, -84);
  });
  const hand = limb(g, 35, -56, 1, p.near, 60, 24, fur, 0.34);
  oval(g, cream, hand[0], hand[1], 14.5, 13.5);
};

const owl = (g, p) => {
  const [deep, cream] = ['#6c54ab', '#fff0da'];
  ribbon(g, -26, -66, 84, 24, p.t, '#e8952f', {
    droop: 6,
    phase: 1,
    stripes: { at: [0.6, 0.8], size: 0.09, fill: '#fff0da' },
    fringe: '#e8952f',
  });
  ribbon(g, -26, -62, 66, 20, p.t, '#ffb84a', { droop: 32, phase: 2.4, fringe: '#ffb84a' });
  const wing = (side, angle) => {
    g.save();
    g.translate(side * 50, -54);
    g.rotate(-side * angle * 0.8);
    shape(g, shaded(g, 0, 20, 60, '#8a6fc4', '#553f94'), (c) => {
      c.moveTo(-side * 16, -12);
      c.bezierCurveTo(side * 26, -14, side * 30, 40, side * 4, 68);
      c.bezierCurveTo(-side * 8, 50, -side * 22, 30, -side * 16, -12);
    });
    g.strokeStyle = 'rgba(255,240,218,0.35)';
    g.lineWidth = 3;
    for (const y of [24, 40]) {
      g.beginPath();
      g.arc(side * 2, y, 9, 0.1 * PI, 0.9 * PI);
      g.stroke();
    }
    g.restore();
  };
  wing(-1, p.far * 0.3);
  head(g, -36, p, ({ fx, fy }) => {
    // One egg of feathers, belly included.
    shape(g, shaded(g, 0, -60, 90, '#ac92de', deep), (c) => {
      c.moveTo(0, -130);
      c.bezierCurveTo(52, -130, 74, -92, 68, -48);
      c.bezierCurveTo(66, 0, 64, 50, 46, 76);
      c.lineTo(-46, 76);
      c.bezierCurveTo(-64, 50, -66, 0, -68, -48);
      c.bezierCurveTo(-74, -92, -52, -130, 0, -130);
    });
    shape(g, cream, (c) => c.ellipse(fx * 0.5, 30, 42, 52, 0, 0, 2 * PI));
    g.strokeStyle = 'rgba(196,150,170,0.8)';
    g.lineWidth = 3.4;
    g.lineCap = 'round';
    for (const [row, n] of [
      [6, 3],
      [22, 4],
      [38, 3],
    ]) {
      for (let i = 0; i < n; i++) {
        g.beginPath();
        g.arc(fx * 0.5 + (i - (n - 1) / 2) * 19, row, 6.5, 0.12 * PI, 0.88 * PI);
        g.stroke();
      }
    }
    // Flying cap with tufts through it.
    for (const side of [-1, 1]) {
      g.save();
      g.translate(side * 47, -112);
      g.rotate(side * (0.5 + 0.08 * p.mouth + 0.03 * Math.sin(5 * p.t)));
      shape(g, deep, (c) => {
        c.moveTo(-17, 18);
        c.quadraticCurveTo(-12, -24, side * 3, -44);
        c.quadraticCurveTo(16, -22, 18, 18);
      });
      shape(g, '#c3aef0', (c) => {
        c.moveTo(-8, 16);
        c.quadraticCurveTo(-5, -10, side * 2, -25);
        c.quadraticCurveTo(8, -10, 9, 16);
      });
      g.restore();
    }
    shape(g, '#8a5433', (c) => {
      c.moveTo(-69, -72);
      c.bezierCurveTo(-66, -142, 66, -142, 69, -72);
      c.bezierCurveTo(40, -99, -40, -99, -69, -72);
    });
    shape(g, '#a86a40', (c) => {
      c.moveTo(-52, -101);
      c.bezierCurveTo(-30, -134, 30, -134, 52, -101);
      c.bezierCurveTo(28, -120, -28, -120, -52, -101);
    });
    goggles(g, fx * 0.6, -104 + fy * 0.4, 21, 17, '#9fe0c8');
    // Face.
    for (const side of [-1, 1]) {
      oval(g, cream, fx * 0.8 + side * 27, -56 + fy, 32, 33);
      oval(g, '#f3d9c4', fx * 0.85 + side * 26, -55 + fy, 25, 26);
    }
    cheeks(g, fx * 0.8, -30 + fy, 47, 'rgba(255,120,140,0.5)');
    for (const side of [-1, 1]) {
      const ex = fx + side * 25;
      if (p.happy < 0.5 && p.blink < 0.6) oval(g, '#ffb73d', ex, -56 + fy, 19, 20 * (1 - p.blink));
      eye(g, ex + p.turn * 3.5, -56 + fy * 1.2, 12.5, 14, p);
    }
    shape(g, '#6b1f3c', (c) => c.ellipse(fx * 1.1, -31 + fy + 6 * p.mouth, 7.5, 4 + 9 * p.mouth, 0, 0, 2 * PI));
    shape(g, '#f29a2e', (c) => {
      c.moveTo(fx * 1.1 - 11, -42 + fy);
      c.quadraticCurveTo(fx * 1.1, -50 + fy, fx * 1.1 + 11, -42 + fy);
      c.quadraticCurveTo(fx * 1.1 + 5, -26 + fy, fx * 1.1, -22 + fy);
      c.quadraticCurveTo(fx * 1.1 - 5, -26 + fy, fx * 1.1 - 11, -42 + fy);
    });
    shape(g, '#ffb84a', (c) => {
      c.moveTo(-58, -16);
      c.quadraticCurveTo(0, 14, 58, -16);
      c.quadraticCurveTo(66, -4, 56, 6);
      c.quadraticCurveTo(0, 32, -56, 6);
      c.quadraticCurveTo(-66, -4, -58, -16);
    });
  });
  wing(1, p.near);
};

// ---- friends -----------------------------------------------------------------------------------------------------------------------------

/** A caught star on a string. */
const heldStar = (g, p, hand, colour = '#ffd976') => {
  const length = 142 - p.star.drop;
  const [x, y] = [hand[0] + Math.sin(p.star.swing) * length, hand[1] - Math.cos(p.star.swing) * length];
  g.strokeStyle = 'rgba(255,240,205,0.9)';
  g.lineWidth = 2;
  g.beginPath();
  g.moveTo(...hand);
  g.quadraticCurveTo(hand[0] + 6 * Math.sin(3 * p.t), (hand[1] + y) / 2, x, y);
  g.stroke();
  return (g) => {
    const pulse = 0.85 + 0.15 * Math.sin(4 * p.t);
    glow(g, x, y, 58, '#ffd98a', 0.6 * pulse);
    g.lineJoin = 'round';
    g.lineWidth = 9;
    g.strokeStyle = colour;
    starPath(g, x, y, 17, p.star.swing * 0.8 + 0.1 * Math.sin(2 * p.t), 0.56);
    g.stroke();
    g.fillStyle = '#fff3c2';
    g.fill();
  };
};

/** Sitting, the feet stretch towards us; in the air they are pulled up. */
const legs = (g, p, draw) => {
  if (p.legs === 'none') return;
  for (const side of [-1, 1]) {
    g.save();
    g.translate(side * (29 - 6 * p.tuck), 33 - 16 * p.tuck + 3 * side * p.kick);
    g.rotate(side * 0.16 + 0.2 * p.kick - 0.3 * p.tuck);
    draw(side);
    g.restore();
  }
};

const girl = (g, p) => {
  const [coat, coatDeep, scarf, scarfDeep, hair] = ['#e9595f', '#bb3556', '#ffc65a', '#e89a35', '#35213f'];
  const skin = '#ffd8bd';
  ribbon(g, -16, -72, lerp(88, 44, p.inBasket), 24, p.t, scarfDeep, {
    droop: lerp(10, 44, p.inBasket),
    phase: 0.4,
    stripes: { at: [0.55, 0.76], size: 0.09, fill: '#fff3dc' },
    fringe: scarfDeep,
  });
  ribbon(g, -16, -67, lerp(68, 32, p.inBasket), 21, p.t, scarf, {
    droop: lerp(36, 50, p.inBasket),
    phase: 1.9,
    stripes: { at: [0.66], size: 0.12, fill: '#fff3dc' },
    fringe: scarf,
  });
  const raise = limb(g, 32, -60, 1, p.near, 50, 23, coatDeep, -0.3);
  const lightStar = heldStar(g, p, raise);
  oval(g, skin, raise[0], raise[1], 11.5);
  shape(g, shaded(g, 0, -40, 70, coat, coatDeep), (c) => {
    c.moveTo(-27, -82);
    c.bezierCurveTo(-40, -56, -50, -10, -52, 14);
    c.quadraticCurveTo(0, 34, 52, 14);
    c.bezierCurveTo(50, -10, 40, -56, 27, -82);
  });
  g.strokeStyle = 'rgba(120,20,50,0.4)';
  g.lineWidth = 2.6;
  g.beginPath();
  g.moveTo(p.turn * 8, -60);
  g.quadraticCurveTo(p.turn * 11, -20, p.turn * 10, 20);
  g.stroke();
  for (const y of [-40, -18, 4]) {
    oval(g, '#ffe8c6', p.turn * 10 - 1, y, 5.6, 4.2);
  }
  head(g, -78, p, ({ fx, fy }) => {
    const breeze = 3 * Math.sin(3 * p.t);
    shape(g, hair, (c) => {
      c.moveTo(0, -112);
      c.bezierCurveTo(54, -112, 68, -72, 64, -40);
      c.bezierCurveTo(64, -16, 62, 4, 50, 8);
      c.quadraticCurveTo(0, 16, -52 - breeze, 8);
      c.bezierCurveTo(-64 - breeze, 4, -66, -16, -64, -40);
      c.bezierCurveTo(-68, -72, -54, -112, 0, -112);
    });
    shape(g, shaded(g, 0, -48, 56, '#ffe3cc', '#fbc3a4'), (c) => {
      c.moveTo(-50, -62);
      c.bezierCurveTo(-54, -20, -36, 4, 0, 4);
      c.bezierCurveTo(36, 4, 54, -20, 50, -62);
      c.bezierCurveTo(44, -98, -44, -98, -50, -62);
    });
    cheeks(g, fx, -24 + fy, 33, 'rgba(255,105,115,0.46)');
    eye(g, fx - 20, -40 + fy, 7.4, 10.4, p);
    eye(g, fx + 20, -40 + fy, 7.4, 10.4, p);
    g.strokeStyle = 'rgba(74,44,60,0.75)';
    g.lineWidth = 3.2;
    for (const side of [-1, 1]) {
      g.beginPath();
      g.arc(fx + side * 20, -46 + fy, 15, PI * 1.33, PI * 1.67);
      g.stroke();
    }
    oval(g, '#f29a83', fx * 1.25, -27 + fy, 4, 3);
    mouth(g, fx, -17 + fy, 8.2, p.mouth, '#8a3448');
    // Fringe and side locks.
    shape(g, hair, (c) => {
      c.moveTo(-58, -36);
      c.bezierCurveTo(-66, -104, 66, -104, 58, -36);
      c.quadraticCurveTo(50, -50, 45 + fx * 0.3, -66);
      c.quadraticCurveTo(26 + fx * 0.8, -50 + fy * 0.4, 12 + fx * 0.8, -64);
      c.quadraticCurveTo(-4 + fx * 0.8, -50 + fy * 0.4, -22 + fx * 0.8, -65);
      c.quadraticCurveTo(-38 + fx * 0.5, -54, -46 + fx * 0.3, -62);
      c.quadraticCurveTo(-50, -48, -58, -36);
    });
    g.strokeStyle = 'rgba(176,140,210,0.45)';
    g.lineWidth = 4;
    g.beginPath();
    g.arc(fx * 0.4, -52, 46, PI * 1.6, PI * 1.8);
    g.stroke();
    // Bobble hat.
    const bob = 3 * Math.sin(4 * p.t + 1) - 26 * p.stretch;
    oval(g, '#fff3dc', fx * 0.2 - 2, -136 + bob * 0.5, 18, 17);
    oval(g, 'rgba(232,190,160,0.5)', fx * 0.2 + 3, -130 + bob * 0.5, 10, 8);
    shape(g, shaded(g, -6, -100, 62, '#f47a72', '#c63e5c'), (c) => {
      c.moveTo(-61, -76);
      c.bezierCurveTo(-58, -142, 58, -142, 61, -76);
      c.bezierCurveTo(34, -94, -34, -94, -61, -76);
    });
    g.strokeStyle = '#fff3dc';
    g.lineWidth = 17;
    g.lineCap = 'round';
    g.beginPath();
    g.moveTo(-57, -76);
    g.bezierCurveTo(-32, -94, 32, -94, 57, -76);
    g.stroke();
    g.strokeStyle = 'rgba(220,170,150,0.6)';
    g.lineWidth = 2;
    for (let i = -4; i <= 4; i++) {
      const x = i * 13;
      const y = -89.5 + (x / 57) ** 2 * 13;
      g.beginPath();
      g.moveTo(x, y - 6);
      g.lineTo(x, y + 6);
      g.stroke();
    }
  });
  shape(g, scarf, (c) => {
    c.moveTo(-42, -86);
    c.quadraticCurveTo(0, -60, 42, -86);
    c.quadraticCurveTo(51, -70, 41, -62);
    c.quadraticCurveTo(0, -40, -41, -62);
    c.quadraticCurveTo(-51, -70, -42, -86);
  });
  g.strokeStyle = 'rgba(190,110,30,0.4)';
  g.lineWidth = 2.4;
  g.beginPath();
  g.moveTo(-38, -74);
  g.quadraticCurveTo(0, -50, 40, -74);
  g.stroke();
  legs(g, p, () => {
    oval(g, '#3c3d8a', 0, -16, 15, 15);
    shape(g, '#fff0d9', (c) => c.roundRect(-18, -22, 36, 15, 7.5));
    oval(g, '#7a4630', 0, 0, 18.5, 19.5);
    oval(g, '#a9714c', 0, 2.5, 13, 14.5);
    g.strokeStyle = 'rgba(90,48,36,0.55)';
    g.lineWidth = 2.6;
    for (const y of [-3, 3, 9]) {
      g.beginPath();
      g.moveTo(-7, y);
      g.lineTo(7, y);
      g.stroke();
    }
  });
  const wave = limb(
    g,
    -32,
    -58,
    -1,
    p.handToHeart > 0.5 ? 0.15 : p.far,
    lerp(52, 34, p.handToHeart),
    24,
    coat,
    lerp(0.3, 1, p.handToHeart),
  );
  const palm = [lerp(wave[0], -8, p.handToHeart), lerp(wave[1], -38, p.handToHeart)];
  if (p.handToHeart > 0.02)
    limb(g, lerp(-32, -40, p.handToHeart), lerp(-58, -36, p.handToHeart), 1, PI / 2, 30 * p.handToHeart, 22, coat, 0);
  oval(g, skin, palm[0], palm[1], 12);
  return lightStar;
};

const dragon = (g, p) => {
  const [mint, deep, cream, coral] = ['#7fdcc0', '#3fa796', '#fff3d6', '#ff8a7a'];
  const sway = Math.sin(2.2 * p.t);
  // Tail with a heart at its tip.
  g.save();
  g.translate(-16 * p.inBasket, -30 * p.inBasket);
  g.strokeStyle = deep;
  g.lineCap = 'round';
  g.lineWidth = 22;
  g.beginPath();
  g.moveTo(18, 8);
  g.bezierCurveTo(66, 26, 84, -4 + 5 * sway, 86, -34 + 6 * sway);
  g.stroke();
  g.save();
  g.translate(86, -46 + 6 * sway);
  g.rotate(0.2 + 0.16 * sway);
  shape(g, coral, (c) => {
    c.moveTo(0, 16);
    c.bezierCurveTo(-28, 0, -18, -24, 0, -9);
    c.bezierCurveTo(18, -24, 28, 0, 0, 16);
  });
  g.restore();
  g.restore();
  // Wings, folded in the basket.
  const flap = p.tuck > 0.3 ? 0.55 * Math.sin(17 * p.t) : 0.1 * Math.sin(3.4 * p.t);
  for (const side of [-1, 1]) {
    g.save();
    g.translate(side * 30, -64);
    g.rotate(-side * (0.1 + flap));
    g.scale(side < 0 ? 1 - 0.45 * p.inBasket : 1, 1 - 0.15 * p.inBasket);
    shape(g, side < 0 ? '#ff9f86' : '#f27f78', (c) => {
      c.moveTo(0, 8);
      c.quadraticCurveTo(side * 26, -44, side * 62, -40);
      c.quadraticCurveTo(side * 52, -22, side * 58, -4);
      c.quadraticCurveTo(side * 42, -6, side * 38, 10);
      c.quadraticCurveTo(side * 24, 6, 0, 26);
    });
    g.strokeStyle = deep;
    g.lineWidth = 5;
    g.beginPath();
    g.moveTo(0, 8);
    g.quadraticCurveTo(side * 26, -44, side * 62, -40);
    g.stroke();
    g.restore();
  }
  const raise = limb(g, 34, -54, 1, p.near, 46, 21, deep, -0.3);
  const lightStar = heldStar(g, p, raise);
  shape(g, shaded(g, 0, -30, 76, mint, deep), (c) => {
    c.moveTo(-26, -86);
    c.bezierCurveTo(-50, -58, -62, -6, -46, 18);
    c.quadraticCurveTo(0, 38, 46, 18);
    c.bezierCurveTo(62, -6, 50, -58, 26, -86);
  });
  g.save();
  disc(g, p.turn * 9, -22, 31, 44);
  g.fillStyle = cream;
  g.fill();
  g.clip();
  g.strokeStyle = 'rgba(222,178,120,0.55)';
  g.lineWidth = 3.2;
  for (const y of [-44, -26, -8, 10]) {
    g.beginPath();
    g.arc(p.turn * 9, y - 42, 52, PI * 0.25, PI * 0.75);
    g.stroke();
  }
  g.restore();
  head(g, -76, p, ({ fx, fy }) => {
    for (const side of [-1, 1]) {
      // Horns and ear fins.
      shape(g, '#ffd27a', (c) => {
        c.moveTo(side * 14 + fx * 0.3, -92);
        c.quadraticCurveTo(side * 24, -118, side * 44, -128);
        c.quadraticCurveTo(side * 46, -102, side * 36 + fx * 0.3, -82);
      });
      g.save();
      g.translate(side * 54 + fx * 0.1, -52);
      g.rotate(side * (0.1 + 0.08 * Math.sin(3 * p.t + side) - 0.5 * p.stretch));
      shape(g, deep, (c) => {
        c.moveTo(0, -16);
        c.quadraticCurveTo(side * 24, -36, side * 36, -32);
        c.quadraticCurveTo(side * 28, -14, side * 32, 0);
        c.quadraticCurveTo(side * 18, 4, 0, 16);
      });
      shape(g, coral, (c) => {
        c.moveTo(0, -8);
        c.quadraticCurveTo(side * 16, -24, side * 26, -23);
        c.quadraticCurveTo(side * 20, -10, side * 22, -3);
        c.quadraticCurveTo(side * 12, 0, 0, 9);
      });
      g.restore();
    }
    // Crest.
    for (const [x, y, r] of [[0, -100, 11]])
      shape(g, coral, (c) => {
        c.moveTo(x - r + fx * 0.4, y + 8);
        c.quadraticCurveTo(x + fx * 0.3, y - 22, x + 4 - fx * 0.2, y - 25);
        c.quadraticCurveTo(x + r + fx * 0.4, y - 8, x + r + fx * 0.4, y + 8);
      });
    shape(g, shaded(g, -4, -56, 66, '#98ead0', '#4fbca6'), (c) => {
      c.moveTo(0, -102);
      c.bezierCurveTo(42, -102, 60, -76, 60, -48);
      c.bezierCurveTo(62, -14, 34, 4, 0, 4);
      c.bezierCurveTo(-34, 4, -62, -14, -60, -48);
      c.bezierCurveTo(-60, -76, -42, -102, 0, -102);
    });
    for (const [x, y, r] of [
      [30, -84, 5],
      [40, -72, 3.6],
      [-36, -80, 4.4],
    ])
      oval(g, 'rgba(60,160,140,0.6)', x, y, r);
    cheeks(g, fx * 0.8, -34 + fy, 42, 'rgba(255,120,120,0.5)');
    eye(g, fx - 26, -56 + fy, 9, 12.4, p);
    eye(g, fx + 26, -56 + fy, 9, 12.4, p);
    // Snout.
    shape(g, shaded(g, fx * 1.2, -30 + fy, 36, '#c9f7e2', '#7ed8be'), (c) =>
      c.ellipse(fx * 1.2, -25 + fy, 34, 23, 0, 0, 2 * PI),
    );
    for (const side of [-1, 1]) oval(g, '#2f8577', fx * 1.35 + side * 10, -35 + fy, 3.6, 2.6, side * 0.5);
    mouth(g, fx * 1.2, -22 + fy, 12, p.mouth, '#1f6a60');
    if (p.mouth < 0.1)
      shape(g, '#ffffff', (c) => {
        c.moveTo(fx * 1.2 + 4, -15.6 + fy);
        c.lineTo(fx * 1.2 + 11, -18 + fy);
        c.lineTo(fx * 1.2 + 8.6, -10 + fy);
      });
  });
  legs(g, p, () => {
    oval(g, deep, 0, -7, 19, 20);
    oval(g, mint, 0, 0, 19.5, 20);
    oval(g, '#ffb3a6', 0, 5.5, 10, 8.5);
    for (const [x, y] of [
      [-10.5, -7],
      [0, -11],
      [10.5, -7],
    ])
      oval(g, '#ffb3a6', x, y, 4, 4.4);
  });
  const hand = limb(
    g,
    -34,
    -54,
    -1,
    p.handToHeart > 0.5 ? 0.15 : p.far,
    lerp(48, 30, p.handToHeart),
    22,
    mint,
    lerp(0.3, 1, p.handToHeart),
  );
  if (p.handToHeart > 0.02)
    limb(g, lerp(-34, -40, p.handToHeart), lerp(-54, -32, p.handToHeart), 1, PI / 2, 28 * p.handToHeart, 21, mint, 0);
  oval(g, '#a6f0d8', lerp(hand[0], -10, p.handToHeart), lerp(hand[1], -32, p.handToHeart), 11.5);
  return lightStar;
};

// ---- light -------------------------------------------------------------------------------------------------------------------------------

export const CAST = {
  cat: { role: 'pilot', paint: cat },
  owl: { role: 'pilot', paint: owl },
  girl: { role: 'friend', paint: girl },
  dragon: { role: 'friend', paint: dragon },
};

const pads = new Map();
const pad = (name, width, height) => {
  const key = `${name} ${width}x${height}`;
  if (!pads.has(key)) pads.set(key, createCanvas(width, height));
  const g = pads.get(key).getContext('2d');
  g.reset();
  return g;
};

/** Draws one character of the cast, lit, into a layer whose corner lies at (left, top) of the picture. */
export const drawActor = (g, name, t, left, top, width, height) => {
  const { role, paint } = CAST[name];
  const p = role === 'pilot' ? pilotPose(t) : friendPose(t);
  const k = dawn(t);
  const actor = pad('actor', width, height);
  actor.translate(p.x - left, p.y - top);
  actor.rotate(p.lean);
  actor.scale(p.scale * (1 - p.stretch * 0.8), p.scale * (1 + p.stretch));
  const after = paint(actor, p);
  const body = actor.canvas;

  const lit = pad('lit', width, height);
  lit.drawImage(body, 0, 0);
  const veil = pad('veil', width, height);
  veil.drawImage(body, 0, 0);
  veil.globalCompositeOperation = 'source-in';
  veil.fillStyle = mix('#c6bbf5', '#fff6f2', k);
  veil.fillRect(0, 0, width, height);
  lit.globalCompositeOperation = 'multiply';
  lit.drawImage(veil.canvas, 0, 0);
  lit.globalCompositeOperation = 'source-atop';
  // Down in the basket it is darker.
  const feet = lit.createLinearGradient(0, p.y - top - 70, 0, p.y - top + 30);
  feet.addColorStop(0, 'rgba(36,18,70,0)');
  feet.addColorStop(1, `rgba(36,18,70,${0.42 * p.inBasket})`);
  lit.fillStyle = feet;
  lit.fillRect(0, 0, width, height);

  // The burner's warmth from above, less with distance, and the pull of the flame in its flicker.
  const fire = onBalloon(t, 0, -225);
  const warm = pad('warm', width, height);
  glow(warm, fire.x - left, fire.y - top, 430, '#ff9b42', 0.85 * burner(t) * lerp(1, 0.5, k));
  glow(warm, fire.x - left, fire.y - top, 210, '#ffd58a', 0.55 * burner(t) * lerp(1, 0.5, k));
  if (after) glow(warm, p.x - left + 70, p.y - top - 150, 190, '#ffd27a', 0.5 * lerp(1, 0.5, k));
  warm.globalCompositeOperation = 'destination-in';
  warm.drawImage(body, 0, 0);
  lit.globalCompositeOperation = 'soft-light';
  lit.drawImage(warm.canvas, 0, 0);
  lit.globalCompositeOperation = 'screen';
  lit.globalAlpha = 0.55;
  lit.drawImage(warm.canvas, 0, 0);
  lit.globalAlpha = 1;

  const rim = (dx, dy, colour, alpha) => {
    if (alpha < 0.02) return;
    const edge = pad('rim', width, height);
    edge.drawImage(body, 0, 0);
    edge.globalCompositeOperation = 'destination-out';
    edge.drawImage(body, dx, dy);
    edge.globalCompositeOperation = 'source-in';
    edge.fillStyle = colour;
    edge.fillRect(0, 0, width, height);
    lit.globalCompositeOperation = 'source-over';
    lit.globalAlpha = alpha;
    lit.drawImage(edge.canvas, 0, 0);
    lit.globalAlpha = 1;
  };
  rim(-3.2, 2.4, mix('#dfe0ff', '#ffe0ff', k), lerp(0.75, 0, Math.min(1, k * 1.3)));
  rim(4, 1.6, '#ffd490', Math.max(0, k - 0.3) * 1.1);
  g.drawImage(lit.canvas, 0, 0);
  if (!after) return;
  g.translate(p.x - left, p.y - top);
  g.rotate(p.lean);
  g.scale(p.scale, p.scale);
  after(g);
};
