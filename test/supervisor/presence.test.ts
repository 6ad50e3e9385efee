import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ANNOUNCE_MS, type Announcement, type Server } from '../../src/store/store.js';
import { Beside } from '../../src/supervisor/loop.js';
import { Presence, type Standing } from '../../src/supervisor/presence.js';
import { StillClock, settled } from './fakes.js';

const standing = (fields: Partial<Standing> = {}): Standing => ({
  server: 'one',
  slots: 2,
  rendering: 0,
  mode: 'running',
  tags: ['gpu'],
  ...fields,
});

function present() {
  const said: Announcement[] = [];
  const troubles: string[] = [];
  const state = { isAway: false, isShared: true, heardAt: 0 };
  const clock = new StillClock();
  const trouble = (what: string, error: unknown) => void troubles.push(`${what}: ${(error as Error).message}`);
  const store = {
    get isShared() {
      return state.isShared;
    },
    servers: async () =>
      said.slice(-1).map((last) => ({ ...last, silentMs: clock.monotonic() - state.heardAt }) as Server),
    announce: async (announcement: Announcement) => {
      if (state.isAway) throw new Error('away');
      said.push(announcement);
      state.heardAt = clock.monotonic();
    },
  };
  const about = () => ({ domain: null, version: '1', ffmpeg: '5' });
  const presence = new Presence({ store, clock, beside: new Beside(() => {}, trouble), trouble, about });
  /** For so long the farm looks at it every second. */
  const live = async (ms: number, fields: Partial<Standing> = {}) => {
    for (let past = 0; past < ms; past += 1_000) {
      presence.tend(standing(fields));
      await settled();
      clock.move(1_000);
    }
  };
  return { presence, said, troubles, state, clock, live };
}

describe('presence', () => {
  it('is announced at the beginning, every ten seconds, and at the end', async () => {
    const { presence, said, live } = present();
    await presence.begin(standing());
    assert.deepEqual(said, [
      {
        ...{ name: 'one', domain: null, version: '1', ffmpeg: '5' },
        ...{ slots: 2, rendering: 0, state: 'running', tags: ['gpu'] },
      },
    ]);
    await live(3 * ANNOUNCE_MS + 1_000, { rendering: 2 });
    await presence.end(standing({ rendering: 1, mode: 'stopping' }));
    assert.deepEqual(
      said.map(({ state, rendering }) => `${state} ${rendering}`),
      ['running 0', 'running 2', 'running 2', 'running 2', 'gone 0'],
    );
  });

  it('is announced at once when others have to reckon with it, and not for each job', async () => {
    const { presence, said, live } = present();
    await presence.begin(standing());
    await live(3_000, { rendering: 1 });
    await live(2_000, { slots: 4 });
    await live(2_000, { slots: 4, tags: [] });
    await live(2_000, { slots: 4, tags: [], mode: 'draining' });
    await live(2_000, { slots: 4, tags: [], mode: 'stopping' });
    assert.deepEqual(
      said.map(({ state, slots, tags }) => `${state} ${slots} ${tags}`),
      ['running 2 gpu', 'running 4 gpu', 'running 4 ', 'draining 4 '],
    );
  });

  it('that cannot be announced troubles nobody, and is tried again when it is next due', async () => {
    const { presence, said, troubles, state, live } = present();
    state.isAway = true;
    await presence.begin(standing());
    await live(2 * ANNOUNCE_MS + 1_000);
    assert.deepEqual(troubles, Array(3).fill('announcing this server: away'));
    state.isAway = false;
    await live(ANNOUNCE_MS);
    assert.equal(said.length, 1);
    state.isAway = true;
    await presence.end(standing());
    assert.equal(troubles.length, 4);
  });

  it('by a name that another farm on the store has too is told as long as it has it', async () => {
    const { presence, said, troubles, state, clock, live } = present();
    await presence.begin(standing());
    await live(4_000);
    state.heardAt = clock.monotonic(); // The other's announcement.
    await live(ANNOUNCE_MS);
    const taken = 'announcing this server: Another farm on this store announces itself as "one" too.';
    assert.deepEqual(troubles, [taken]);
    assert.equal(said.length, 2, 'it is announced nevertheless');
    await live(3 * ANNOUNCE_MS);
    assert.deepEqual(troubles, [taken], 'the other is gone');
  });

  it('on a store of its own is looked for by nobody', async () => {
    const { presence, troubles, state, clock, live } = present();
    state.isShared = false;
    await presence.begin(standing());
    await live(4_000);
    state.heardAt = clock.monotonic();
    await live(2 * ANNOUNCE_MS);
    assert.deepEqual(troubles, []);
  });
});
