/** Faces and hands that several animals share. Positions are in the animal's own units; the animal looks to the right. */
import { createCanvas } from '@napi-rs/canvas';
import { clamp, ellipse, mix, path, within } from './paint.mjs';

const INK = '#2b1d33';

/** One eye. `shut` 0..1; `joy` 0..1 turns it into a smiling arc. */
export function eye(ctx, x, y, size, { shut = 0, joy = 0, look = { x: 0, y: 0 } }) {
  if (joy > 0.5 || shut > 0.86) {
    ctx.strokeStyle = INK;
    ctx.lineWidth = size * 0.46;
    ctx.lineCap = 'round';
    const lift = joy > 0.5 ? -size * 0.75 : size * 0.35;
    ctx.stroke(
      path(
        `M${x - size * 0.8} ${y + size * 0.2} Q${x} ${y + size * 0.2 + lift * 1.6} ${x + size * 0.8} ${y + size * 0.2}`,
      ),
    );
    return;
  }
  const px = x + look.x * size * 0.28;
  const py = y + look.y * size * 0.24;
  const tall = size * 1.22 * (1 - shut);
  ctx.fillStyle = INK;
  ctx.fill(ellipse(px, py, size * 0.92, Math.max(tall, size * 0.15)));
  if (shut > 0.5) return;
  ctx.fillStyle = '#fffdf4';
  ctx.fill(ellipse(px + size * 0.28 + look.x * 1.2, py - tall * 0.36, size * 0.36, size * 0.38 * (1 - shut)));
  ctx.fillStyle = 'rgba(255,214,150,0.75)';
  ctx.fill(ellipse(px - size * 0.26, py + tall * 0.42, size * 0.22));
}

/** A mouth: a smile when closed, a rounded opening with a tongue when `open` grows. */
export function mouth(ctx, x, y, wide, open, inside = '#7a2338') {
  ctx.strokeStyle = INK;
  ctx.lineCap = 'round';
  ctx.lineJoin = 'round';
  ctx.lineWidth = 3;
  if (open < 0.07) {
    ctx.stroke(path(`M${x - wide} ${y - 1} Q${x} ${y + wide * 0.75} ${x + wide} ${y - 1}`));
    return;
  }
  const deep = mix(wide * 0.5, wide * 1.7, clamp(open));
  const w = wide * mix(0.95, 0.8, open);
  const hole = path(
    `M${x - w} ${y - 1} Q${x} ${y + 3} ${x + w} ${y - 1} Q${x + w * 0.9} ${y + deep} ${x} ${y + deep} Q${x - w * 0.9} ${y + deep} ${x - w} ${y - 1}Z`,
  );
  ctx.fillStyle = inside;
  ctx.fill(hole);
  within(ctx, () => {
    ctx.clip(hole);
    ctx.fillStyle = '#f08a86';
    ctx.fill(ellipse(x, y + deep, w * 0.72, deep * 0.42));
  });
  ctx.lineWidth = 2.2;
  ctx.stroke(hole);
}

export function cheek(ctx, x, y, size, colour = 'rgba(255,120,110,0.5)') {
  const g = ctx.createRadialGradient(x, y, 0, x, y, size);
  g.addColorStop(0, colour);
  g.addColorStop(1, 'rgba(255,120,110,0)');
  ctx.fillStyle = g;
  ctx.fill(ellipse(x, y, size, size * 0.8));
}

/** A soft shadow on the snow. */
export function footprint(ctx, x, y, rx, ry, alpha = 0.5) {
  within(ctx, () => {
    ctx.translate(x, y);
    ctx.scale(1, ry / rx);
    const g = ctx.createRadialGradient(0, 0, rx * 0.2, 0, 0, rx);
    g.addColorStop(0, `rgba(44,66,146,${alpha})`);
    g.addColorStop(0.7, `rgba(44,66,146,${alpha * 0.6})`);
    g.addColorStop(1, 'rgba(44,66,146,0)');
    ctx.fillStyle = g;
    ctx.fill(ellipse(0, 0, rx));
  });
}

/**
 * Evening over an actor that stands alone on its layer: cool from the back, warm from `light` (x, y) with `power` 0..1.
 * Only what is already painted takes the light.
 */
export function evening(ctx, { x0, x1, warmX, light, power }) {
  within(ctx, () => {
    ctx.globalCompositeOperation = 'source-atop';
    const g = ctx.createLinearGradient(x0, 0, x1, 0);
    g.addColorStop(0, warmX > x0 ? 'rgba(38,56,140,0.26)' : 'rgba(255,196,110,0.12)');
    g.addColorStop(0.55, 'rgba(60,70,150,0.05)');
    g.addColorStop(1, warmX > x0 ? 'rgba(255,196,110,0.12)' : 'rgba(38,56,140,0.26)');
    ctx.fillStyle = g;
    ctx.fillRect(-200, -200, 1100, 900);
  });
  if (power <= 0) return;
  // The light itself, cut to the actor's outline, then laid on so that it brightens what is bright and keeps the darks clean.
  const { canvas } = ctx;
  const shine = createCanvas(canvas.width, canvas.height);
  const s = shine.getContext('2d');
  s.drawImage(canvas, 0, 0);
  s.setTransform(ctx.getTransform());
  s.globalCompositeOperation = 'source-in';
  const w = s.createRadialGradient(light.x, light.y, 10, light.x, light.y, 270);
  w.addColorStop(0, `rgba(255,222,130,${0.95 * power})`);
  w.addColorStop(0.4, `rgba(255,196,96,${0.6 * power})`);
  w.addColorStop(1, 'rgba(255,180,90,0)');
  s.fillStyle = w;
  s.fillRect(-200, -200, 1100, 900);
  within(ctx, () => {
    ctx.resetTransform();
    ctx.globalCompositeOperation = 'soft-light';
    ctx.drawImage(shine, 0, 0);
  });
}
