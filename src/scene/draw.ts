/**
 * Puts laid-out words on a 2D context: a browser's or Node's, they are asked for the same few things. What is drawn is clipped to the shape.
 *
 * Order: first every outline with its shadow, then every letter without, so that no line's outline or shadow lies on another line's letters.
 * Without an outline the letters cast the shadow themselves, in one pass: a second would thicken their edges.
 */

import type { TextLayout } from './layout.js';
import { type Box, boundsOf, type Overlay, type Shape } from './scene.js';

/** The members of a Canvas 2D context that drawing uses. Both CanvasRenderingContext2D and Node's context have them. */
export interface Context2D {
  font: string;
  fontKerning: string;
  textRendering: string;
  textAlign: string;
  textBaseline: string;
  direction: string;
  fillStyle: unknown;
  strokeStyle: unknown;
  lineWidth: number;
  lineJoin: string;
  shadowColor: string;
  shadowBlur: number;
  shadowOffsetX: number;
  shadowOffsetY: number;
  save(): void;
  restore(): void;
  translate(x: number, y: number): void;
  scale(x: number, y: number): void;
  beginPath(): void;
  closePath(): void;
  moveTo(x: number, y: number): void;
  lineTo(x: number, y: number): void;
  roundRect(x: number, y: number, width: number, height: number, radius: number): void;
  ellipse(x: number, y: number, rx: number, ry: number, rotation: number, start: number, end: number): void;
  clip(): void;
  fillText(text: string, x: number, y: number): void;
  strokeText(text: string, x: number, y: number): void;
}

/** From design units to pixels of the context: x * scaleX + dx, y * scaleY + dy. */
export interface View {
  readonly scaleX: number;
  readonly scaleY: number;
  readonly dx: number;
  readonly dy: number;
}

/** Where ink may be, in design units: nothing is drawn outside the shape. */
export function inkBox(overlay: Overlay): Box {
  return boundsOf(overlay.shape);
}

/** Draws one bubble's words. The context is left as it was found. Text is drawn at the layout's size and scaled by the view. */
export function drawOverlay(ctx: Context2D, overlay: Overlay, layout: TextLayout, view: View): void {
  const { colour, stroke, shadow } = overlay.style;
  ctx.save();
  ctx.translate(view.dx, view.dy);
  ctx.scale(view.scaleX, view.scaleY);
  clipTo(ctx, overlay.shape);
  prepareText(ctx);
  ctx.fillStyle = colour;
  if (stroke) {
    ctx.strokeStyle = stroke.colour;
    ctx.lineWidth = stroke.width;
    ctx.lineJoin = 'round';
  }
  if (shadow) {
    // Shadows do not follow the transform: their lengths are pixels.
    ctx.shadowColor = shadow.colour;
    ctx.shadowOffsetX = shadow.dx * view.scaleX;
    ctx.shadowOffsetY = shadow.dy * view.scaleY;
    ctx.shadowBlur = shadow.blur * Math.sqrt(view.scaleX * view.scaleY);
  }
  if (stroke) {
    drawRuns(ctx, layout, 'stroke');
    ctx.shadowColor = 'rgba(0, 0, 0, 0)';
  }
  drawRuns(ctx, layout, 'fill');
  ctx.restore();
}

/** The text settings under which widths are measured and words are drawn; equal on both sides. */
export function prepareText(
  ctx: Pick<Context2D, 'fontKerning' | 'textRendering' | 'textAlign' | 'textBaseline'>,
): void {
  ctx.fontKerning = 'normal';
  ctx.textRendering = 'geometricPrecision';
  ctx.textAlign = 'left';
  ctx.textBaseline = 'alphabetic';
}

function drawRuns(ctx: Context2D, { lines, size, families }: TextLayout, how: 'stroke' | 'fill'): void {
  for (const { baseline, runs } of lines) {
    for (const { kind, text, x, rightToLeft } of runs) {
      ctx.font = `${size}px ${families[kind]}`;
      ctx.direction = rightToLeft ? 'rtl' : 'ltr';
      if (how === 'stroke') ctx.strokeText(text, x, baseline);
      else ctx.fillText(text, x, baseline);
    }
  }
}

function clipTo(ctx: Context2D, shape: Shape): void {
  ctx.beginPath();
  if (shape.kind === 'box') {
    ctx.roundRect(
      shape.x,
      shape.y,
      shape.width,
      shape.height,
      Math.min(shape.radius, shape.width / 2, shape.height / 2),
    );
  } else if (shape.kind === 'ellipse') {
    const [rx, ry] = [shape.width / 2, shape.height / 2];
    ctx.ellipse(shape.x + rx, shape.y + ry, rx, ry, 0, 0, 2 * Math.PI);
  } else {
    for (const [i, [x, y]] of shape.points.entries()) i === 0 ? ctx.moveTo(x, y) : ctx.lineTo(x, y);
    ctx.closePath();
  }
  ctx.clip();
}
