import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Context2D, drawOverlay, inkBox, type View } from '../../src/scene/draw.js';
import { layOut } from '../../src/scene/layout.js';
import type { Overlay } from '../../src/scene/scene.js';
import { book, box, ellipse, measure, overlay } from './grid.js';

const plain: View = { scaleX: 1, scaleY: 1, dx: 0, dy: 0 };

/** What a context is told, in order; text calls with the settings that hold for them. */
function recorded(asked: Overlay, view: View): string[] {
  const said: string[] = [];
  const state = {} as Context2D;
  const ctx = new Proxy(state, {
    get: (_, name: keyof Context2D) => {
      if (name in state) return state[name];
      return (...args: unknown[]) => {
        const shadow =
          state.shadowColor && !state.shadowColor.endsWith(', 0)')
            ? ` shadow ${state.shadowOffsetX},${state.shadowOffsetY},${state.shadowBlur}`
            : '';
        said.push(
          name.endsWith('Text') ? `${name} ${args[0]} ${state.direction}${shadow}` : `${name} ${args.join(',')}`.trim(),
        );
      };
    },
  });
  drawOverlay(ctx, asked, layOut(asked, book, measure), view);
  return said;
}

const stroke = { colour: '#ffffff', width: 4 };
const shadow = { colour: '#00000080', dx: 2, dy: 3, blur: 4 };
const text = (calls: readonly string[]) => calls.filter((call) => call.includes('Text'));

describe('drawOverlay', () => {
  it('strokes all lines with shadow, then fills all without', () => {
    const calls = text(recorded(overlay('하나\n둘', box(200, 100), { stroke, shadow }), plain));
    assert.deepEqual(calls, [
      'strokeText 하나 ltr shadow 2,3,4',
      'strokeText 둘 ltr shadow 2,3,4',
      'fillText 하나 ltr',
      'fillText 둘 ltr',
    ]);
  });

  it('draws letters without outline once, with their shadow', () => {
    assert.deepEqual(text(recorded(overlay('하나', box(200, 100), { shadow }), plain)), [
      'fillText 하나 ltr shadow 2,3,4',
    ]);
    assert.deepEqual(text(recorded(overlay('하나', box(200, 100)), plain)), ['fillText 하나 ltr']);
  });

  it('scales shadows itself: they do not follow the transform', () => {
    const calls = text(recorded(overlay('하나', box(200, 100), { shadow }), { ...plain, scaleX: 2, scaleY: 0.5 }));
    assert.deepEqual(calls, ['fillText 하나 ltr shadow 4,1.5,4']);
  });

  it('tells each run its direction', () => {
    assert.deepEqual(text(recorded(overlay('שלום abc', box(200, 100)), plain)), [
      'fillText abc ltr',
      'fillText שלום  rtl',
    ]);
  });

  it('clips to the shape in the view and leaves the context as it was', () => {
    const calls = recorded(overlay('하나', ellipse(200, 100)), { scaleX: 2, scaleY: 2, dx: 5, dy: 6 });
    assert.deepEqual(calls.slice(0, 6), [
      'save',
      'translate 5,6',
      'scale 2,2',
      'beginPath',
      `ellipse 100,50,100,50,0,0,${2 * Math.PI}`,
      'clip',
    ]);
    assert.equal(calls.at(-1), 'restore');
  });
});

describe('inkBox', () => {
  it('is the box around the shape', () => {
    assert.deepEqual(
      inkBox(
        overlay('a', {
          kind: 'polygon',
          points: [
            [5, 10],
            [30, 0],
            [20, 40],
          ],
        }),
      ),
      { x: 5, y: 0, width: 25, height: 40 },
    );
  });
});
