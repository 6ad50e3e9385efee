/** The configuration: four layers, and a complaint for every place that is wrong. */

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { describe, it } from 'node:test';
import { type ConfigSources, loadConfig } from '../../src/cli/config.js';
import { frontAddress } from '../../src/cli/front-address.js';
import { flagOf, OPTIONS, type OptionName, variableOf } from '../../src/cli/options.js';
import { configurationPage } from '../../src/cli/page.js';
import { newSecret } from '../../src/delivery/sign.js';
import { StoryfarmError } from '../../src/errors.js';
import { packageFolder } from '../../src/package.js';
import { temporaryFolder } from '../fixtures/folder.js';

const HASH = `sha256:${'0f'.repeat(32)}`;
const CALLBACKS = { origins: ['https://a.example'], secrets: [newSecret()] };
const NOTHING: ConfigSources = { flags: {}, env: {} };

function complaintsOf(sources: ConfigSources): readonly string[] {
  try {
    loadConfig({ ...NOTHING, ...sources });
    return [];
  } catch (error) {
    assert.ok(error instanceof StoryfarmError && error.code === 'config_invalid', String(error));
    return error.complaints.map(({ detail }) => detail);
  }
}

describe('configuration', () => {
  it('is the defaults when nothing is said', () => {
    const { config, origins, file } = loadConfig(NOTHING);
    assert.equal(file, undefined);
    assert.deepEqual(new Set(Object.values(origins)), new Set(['default']));
    assert.equal(config.dataFolder, resolve('var'));
    assert.equal(config.store, `sqlite:${resolve('var', 'storyfarm.db')}`);
    assert.equal(config.slots, availableParallelism());
    assert.equal(config.maxAge, 6 * 3_600_000);
    assert.equal(config.bodyLimit, 65_536);
  });

  it('takes each option from the last of file, environment and flags that names it', (t) => {
    const file = join(temporaryFolder(t), 'some.json');
    writeFileSync(file, JSON.stringify({ $schema: 'x', slots: 3, maxJobs: 30, port: 3000, drain: '3s' }));
    const env = { STORYFARM_MAX_JOBS: '40', STORYFARM_PORT: '4000', STORYFARM_CONFIG: 'not this one' };
    const { config, origins, file: read } = loadConfig({ flags: { port: '5000' }, env, file });
    assert.equal(read, file);
    assert.deepEqual([config.slots, config.maxJobs, config.port, config.drain], [3, 40, 5000, 3000]);
    assert.deepEqual(
      [origins.slots, origins.maxJobs, origins.port, origins.drain, origins.lease],
      ['file', 'environment', 'flag', 'file', 'default'],
    );
  });

  it('finds the file by STORYFARM_CONFIG', (t) => {
    const file = join(temporaryFolder(t), 'named.json');
    writeFileSync(file, '{"slots": 7}');
    assert.equal(loadConfig({ ...NOTHING, env: { STORYFARM_CONFIG: file } }).config.slots, 7);
  });

  it('lets places in a file begin at the file, others at the present folder', (t) => {
    const folder = temporaryFolder(t);
    const file = join(folder, 'some.json');
    writeFileSync(file, JSON.stringify({ dataFolder: 'data', templateFolders: ['t', '/abs'], store: 'sqlite:x.db' }));
    const { config } = loadConfig({ ...NOTHING, file });
    assert.equal(config.dataFolder, join(folder, 'data'));
    assert.deepEqual(config.templateFolders, [join(folder, 't'), '/abs']);
    assert.equal(config.store, `sqlite:${join(folder, 'x.db')}`);
    const env = { STORYFARM_DATA_FOLDER: 'data', STORYFARM_TEMPLATE_FOLDERS: `a${delimiter}b` };
    const other = loadConfig({ ...NOTHING, env, flags: { store: 'sqlite:y.db' } }).config;
    assert.deepEqual(
      [other.dataFolder, ...other.templateFolders, other.store],
      [resolve('data'), resolve('a'), resolve('b'), `sqlite:${resolve('y.db')}`],
    );
  });

  it('reads times and sizes with their units', () => {
    const times = { '500': 500, '1.5s': 1500, '2 min': 120_000, '2m': 120_000, '6h': 21_600_000, '24d': 2_073_600_000 };
    for (const [text, ms] of Object.entries(times))
      assert.equal(loadConfig({ ...NOTHING, flags: { maxAge: text } }).config.maxAge, ms, text);
    const sizes = { '1000': 1000, '64KiB': 65_536, '1kB': 1000, '1.5 MB': 1_500_000, '0.1MiB': 104_858 };
    for (const [text, bytes] of Object.entries(sizes))
      assert.equal(loadConfig({ ...NOTHING, flags: { bodyLimit: text } }).config.bodyLimit, bytes, text);
  });

  it('takes no disk at all where that means something', () => {
    const { config } = loadConfig({ ...NOTHING, flags: { diskFloor: '0', maxPhrases: '0' } });
    assert.deepEqual([config.diskFloor, config.maxPhrases], [0, 0]);
  });

  const wrong: readonly (readonly [string, ConfigSources, readonly RegExp[]])[] = [
    ['a port that is none', { flags: { port: '80x' } }, [/^--port: Give a whole number from 0 to 65535, not "80x"\.$/]],
    ['a port too high', { env: { STORYFARM_PORT: '65536' } }, [/^STORYFARM_PORT: .*65535, not "65536"/]],
    ['half a renderer', { flags: { slots: 1.5 } }, [/^--slots: Give a whole number from 1 to 256, not 1\.5/]],
    ['an empty variable', { env: { STORYFARM_SLOTS: '' } }, [/^STORYFARM_SLOTS: .* not ""/]],
    ['a time without a number', { flags: { drain: 'soon' } }, [/^--drain: Give a time .* not "soon"/]],
    ['a time longer than a timer can be', { flags: { poll: '25d' } }, [/^--poll: .*24d/]],
    ['no time at all', { flags: { heartbeat: '0' } }, [/^--heartbeat: /]],
    ['a lease that no renewal could keep', { flags: { lease: '10ms' } }, [/^--lease: Give a time from 1000ms/]],
    ['a size with a strange unit', { flags: { maxMemory: '12XB' } }, [/^--max-memory: Give a size/]],
    ['a negative size', { flags: { maxMemory: '-1' } }, [/^--max-memory: Give a size/]],
    ['a level that is none', { flags: { logLevel: 'loud' } }, [/^--log-level: Give one of trace, .*, not "loud"/]],
    ['another database', { flags: { store: 'redis://h' } }, [/^--store: Give sqlite:FILE, or mssql:.*\.$/]],
    ['an address without http', { flags: { filesUrl: 'ftp://x' } }, [/^--files-url: .*https.*, not "ftp:\/\/x"/]],
    ['a misspelt variable', { env: { STORYFARM_SLOT: '1' } }, [/^STORYFARM_SLOT: .*did you mean STORYFARM_SLOTS\?/]],
    ['a variable without underscores', { env: { STORYFARM_DATAFOLDER: 'x' } }, [/mean STORYFARM_DATA_FOLDER\?/]],
    [
      'a variable like no option',
      { env: { STORYFARM_COLOUR: 'x' } },
      [/^STORYFARM_COLOUR: there is no such option\.$/],
    ],
    [
      'partners that are none',
      { env: { STORYFARM_PARTNERS: 'acme' } },
      [/^STORYFARM_PARTNERS: Give an object such as/],
    ],
    ['no partners', { flags: { partners: {} } }, [/^--partners: Give at least one partner; without .* open\.$/]],
    [
      'a partner without keys',
      { flags: { partners: { a: { keys: [] } } } },
      [/^--partners\/a\/keys: Give at least one/],
    ],
    ['a strange name', { flags: { partners: { 'a b': { keys: [HASH] } } } }, [/^--partners\/a b: A name has 1 to 64/]],
    [
      'a key of two',
      { flags: { partners: { a: { keys: [HASH] }, b: { keys: [HASH] } } } },
      [/A key is given twice\.$/],
    ],
    [
      'an origin with a path',
      { flags: { partners: { a: { keys: [HASH], callbacks: { ...CALLBACKS, origins: ['https://a.example/in'] } } } } },
      [/^--partners\/a\/callbacks\/origins\/0: Give origins such as/],
    ],
    [
      'an origin that stands for several',
      { flags: { partners: { a: { keys: [HASH], callbacks: { ...CALLBACKS, origins: ['https://*.a.example'] } } } } },
      [/^--partners\/a\/callbacks\/origins\/0: Give origins such as/],
    ],
    [
      'a secret that is too short',
      { flags: { partners: { a: { keys: [HASH], callbacks: { ...CALLBACKS, secrets: ['whsec_aGk='] } } } } },
      [/^--partners\/a\/callbacks\/secrets\/0: Give "whsec_"/],
    ],
    ['limits the wrong way round', { flags: { maxMemory: '4GB' } }, [/maxMemoryHard must be greater than maxMemory/]],
    ['a silence shorter than a heartbeat', { flags: { silent: '100' } }, [/^--silent: .*greater than heartbeat/]],
    ['two at once', { flags: { port: 'x' }, env: { STORYFARM_DRAIN: 'x' } }, [/^--port/, /^STORYFARM_DRAIN/]],
  ];
  for (const [what, sources, expected] of wrong) {
    it(`refuses ${what}`, () => {
      const complaints = complaintsOf(sources);
      assert.equal(complaints.length, expected.length, complaints.join('\n'));
      for (const [index, pattern] of expected.entries()) assert.match(complaints[index] ?? '', pattern);
    });
  }

  it('never repeats what may be the address of a database', () => {
    const [complaint] = complaintsOf({ flags: { store: 'postgres://user:secret@host' } });
    assert.doesNotMatch(complaint ?? '', /secret/);
  });

  it('never repeats a key that somebody gives in place of its hash', () => {
    for (const partners of [
      { acme: 'secret' },
      { acme: { keys: ['secret'] } },
      { acme: { keys: 'secret' } },
      'secret',
    ]) {
      const [complaint = ''] = complaintsOf({ flags: { partners } });
      assert.match(complaint, /^--partners/);
      assert.doesNotMatch(complaint, /secret/);
    }
  });

  it('reads partners from a file as an object, and from a variable as JSON', (t) => {
    const file = join(temporaryFolder(t), 'some.json');
    const partners = { acme: { keys: [HASH] } };
    writeFileSync(file, JSON.stringify({ partners }));
    assert.deepEqual(loadConfig({ ...NOTHING, file }).config.partners, partners);
    const env = { STORYFARM_PARTNERS: JSON.stringify(partners) };
    assert.deepEqual(loadConfig({ ...NOTHING, env }).config.partners, partners);
  });

  it('ignores the variables of others', () => {
    const env = {
      STORYFARM_URL: 'x',
      STORYFARM_KEY: 'x',
      STORYFARM_LEASHED: 'x',
      STORYFARM_TEST_SEED: '1',
      PATH: 'x',
      STORYFARMER: 'x',
    };
    assert.deepEqual(complaintsOf({ env }), []);
  });

  it('names the file and the key of what is wrong in a file', (t) => {
    const file = join(temporaryFolder(t), 'f.json');
    const after = (text: string) => {
      writeFileSync(file, text);
      return complaintsOf({ file });
    };
    assert.deepEqual(after('{"maxmemory": "1GB", "slots": 0, "templateFolders": "t"}'), [
      `${file} /maxmemory: there is no such option (did you mean maxMemory?).`,
      `${file} /templateFolders: Give a list of folders, not "t".`,
      `${file} /slots: Give a whole number from 1 to 256, not 0.`,
    ]);
    for (const [text, message] of [
      ['{"slots": 1,}', /f\.json \(.*JSON/],
      ['[1]', /must hold one JSON object: .*f\.json/],
    ] as const) {
      writeFileSync(file, text);
      assert.throws(() => loadConfig({ ...NOTHING, file }), { code: 'config_invalid', message });
    }
    assert.throws(() => loadConfig({ ...NOTHING, file: `${file}.not` }), { message: /There is no configuration file/ });
  });
});

describe('the table of options', () => {
  const names = Object.keys(OPTIONS) as OptionName[];

  it('gives every option a flag and a variable of its own', () => {
    assert.equal(flagOf('maxMemoryHard'), '--max-memory-hard');
    assert.equal(variableOf('maxMemoryHard'), 'STORYFARM_MAX_MEMORY_HARD');
    assert.equal(new Set(names.map(flagOf)).size, names.length);
    assert.equal(new Set(names.map(variableOf)).size, names.length);
  });

  it('takes what is written in one form in the others', () => {
    const { config } = loadConfig(NOTHING);
    const env = Object.fromEntries(
      names.flatMap((name) => {
        const value: unknown = config[name];
        return value === undefined ? [] : [[variableOf(name), [value].flat().join(delimiter)]];
      }),
    );
    assert.deepEqual(loadConfig({ ...NOTHING, env }).config, config);
  });

  it('is what docs/configuration.md shows (node scripts/docs.mjs)', () => {
    assert.equal(readFileSync(join(packageFolder, 'docs', 'configuration.md'), 'utf8'), configurationPage());
  });
});

describe('the address of the front', () => {
  it('is where it listens, or this machine where it listens on every network', () => {
    const hosts = ['127.0.0.1', '0.0.0.0', '10.1.2.3', '::', 'fd00::1', 'front'];
    assert.deepEqual(
      hosts.map((host) => frontAddress({ host, port: 81 })),
      [
        'http://127.0.0.1:81',
        'http://127.0.0.1:81',
        'http://10.1.2.3:81',
        'http://[::1]:81',
        'http://[fd00::1]:81',
        'http://front:81',
      ],
    );
  });

  it('is unknown where the system chooses the port', () => {
    assert.throws(() => frontAddress({ host: '127.0.0.1', port: 0 }), { code: 'invalid_request', hint: /--url/ });
  });
});
