/**
 * A scene says what is on the screen at time t: template, words and cast as plain data. It knows neither files nor ffmpeg nor a canvas;
 * layout.ts finds where each letter stands, draw.ts puts it on whatever 2D context it is given. The same three files run in the renderer and
 * in the editor's page, which is why what is seen is what is sent.
 *
 * Units: lengths are design units (pixels of the template's design size), times are seconds.
 */

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export type Shape =
  | ({ readonly kind: 'box'; readonly radius: number } & Box)
  | ({ readonly kind: 'ellipse' } & Box)
  | { readonly kind: 'polygon'; readonly points: readonly (readonly [number, number])[] };

export interface TextStyle {
  /** Name of a font stack. */
  readonly font: string;
  readonly size: { readonly min: number; readonly max: number };
  readonly colour: string;
  readonly stroke?: { readonly colour: string; readonly width: number } | undefined;
  readonly shadow?:
    | { readonly colour: string; readonly dx: number; readonly dy: number; readonly blur: number }
    | undefined;
  readonly align: 'left' | 'center' | 'right';
  readonly valign: 'top' | 'middle' | 'bottom';
  /** Distance of baselines as a multiple of the font size. */
  readonly lineHeight: number;
  readonly padding: number;
}

/** Words in one bubble: where, how and when they are shown. Nothing is shown for empty words, so `text` is never empty. */
export interface Overlay {
  readonly bubble: string;
  readonly text: string;
  readonly shape: Shape;
  readonly style: TextStyle;
  readonly maxLines: number;
  readonly start: number;
  readonly end: number;
}

export interface Scene {
  readonly width: number;
  readonly height: number;
  readonly duration: number;
  readonly overlays: readonly Overlay[];
}

/** The smallest upright box around a shape. */
export function boundsOf(shape: Shape): Box {
  if (shape.kind !== 'polygon') return { x: shape.x, y: shape.y, width: shape.width, height: shape.height };
  const xs = shape.points.map(([x]) => x);
  const ys = shape.points.map(([, y]) => y);
  const x = Math.min(...xs);
  const y = Math.min(...ys);
  return { x, y, width: Math.max(...xs) - x, height: Math.max(...ys) - y };
}

/** Frames [from, to) in which an overlay is shown at a frame rate: ceil(start x fps) to ceil(end x fps). */
export function windowOf(overlay: Pick<Overlay, 'start' | 'end'>, fps: number): { from: number; to: number } {
  // A thousandth of a frame of tolerance: 1.2 x 25 must be 30 though floating point says 30.000000000000004.
  const frame = (seconds: number) => Math.ceil(seconds * fps - 1e-3);
  return { from: frame(overlay.start), to: frame(overlay.end) };
}

/** What is shown at `t` seconds, bottom first. */
export function visibleAt(scene: Scene, t: number): readonly Overlay[] {
  return scene.overlays.filter((overlay) => overlay.start <= t && t < overlay.end);
}
