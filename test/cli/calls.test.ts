/** Calls that are wrong: exit code 2, nothing on standard output, and on standard error what is wrong and what to do. */

import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, it, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { withRemedy } from '../../src/cli/refusals.js';
import { version } from '../../src/package.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { copyOfTiny, fixtureTemplates } from '../fixtures/tiny.js';
import type { Call } from './many.js';
import { type Ended, run, spawn } from './storyfarm.js';

const TINY = ['--template-folders', fixtureTemplates];

const WRONG: readonly (readonly [args: readonly string[], said: RegExp, env?: NodeJS.ProcessEnv])[] = [
  [[], /^Usage: storyfarm/],
  [['sumbit'], /unknown command 'sumbit'\n\(Did you mean submit\?\)\n {2}-> `storyfarm --help`/],
  [['up', 'extra'], /too many arguments for 'up'.*\n {2}-> `storyfarm up --help`/],
  [['up', '--slot', '2'], /unknown option '--slot'\n\(Did you mean --slots\?\)/],
  [
    ['up', '--port', '80x'],
    /--port: Give a whole number from 0 to 65535, not "80x"\. \(config_invalid\)\n {2}-> .*config/,
  ],
  [['farm', '--lease', '1x'], /--lease: Give a time .*, not "1x"/],
  [['front'], /STORYFARM_SLOT: there is no such option \(did you mean STORYFARM_SLOTS\?\)/, { STORYFARM_SLOT: '2' }],
  [['files', '--config', 'none.json'], /There is no configuration file none\.json\./],
  [
    ['config'],
    /wrong in 2 places.*\n {2}STORYFARM_X: .*\n {2}wrong\.json \/port: /,
    { STORYFARM_CONFIG: 'wrong.json', STORYFARM_X: '' },
  ],
  [['status'], /There is no store sqlite:.*storyfarm\.db yet\. \(not_found\)\n {2}-> .*--data-folder or --store/],
  [['status', '-n', 'x'], /argument 'x' is invalid\. Give a whole number from 0 to 1000\./],
  [['scale'], /missing required argument 'slots'\n {2}-> `storyfarm scale --help`/],
  [['scale', '257'], /value '257' is invalid .*Give a whole number from 0 to 256\./],
  [['limit', 'acme'], /missing required argument 'jobs'/],
  [['limit', 'acme', '0'], /from 1 to 100000, or none\. `storyfarm pause --partner` lets no job/],
  [['limit', 'acme', '2'], /There is no store sqlite:.* yet\. \(not_found\)/],
  [['pause', '--partner', 'a', '--template', 'b'], /Give either --partner or --template\. .*\n {2}-> Call it twice/],
  [['pause', '--partner', 'a', 'why'], /The pause of partner a takes no reason\./],
  [['pause', '--store', 'sqlite:x.db'], /--store goes with --partner or --template\./],
  [['resume', '--partner', 'a b'], /"a b" cannot be the name of a partner\./],
  [['partners', 'key', '.'], /"\." cannot be the name of a partner\./],
  [['recycle', '--slot', 'first'], /Give a whole number from 0 to 255\./],
  [['migrate'], /Only a store on SQL Server is migrated by hand\. \(config_invalid\)\n {2}-> .*--store/],
  [
    ['migrate', '--store', 'mssql://sa:secret@host'],
    /^(?!.*secret).*It names no server and database\. \(config_invalid\)/s,
  ],
  [['migrate', '--store', 'mssql://sa:secret@host/d?encrypted=1'], /^(?!.*secret).*not known: encrypted\./s],
  [['submit'], /missing required argument 'template'\n {2}-> `storyfarm submit --help`/],
  [['submit', 'tiny', '-w', 'hello'], /Give name=value, such as hello="How are you\?"\./],
  [['submit', 'tiny', '-w', 'a=1', '-w', 'a=2'], /"a" is given twice\./],
  [['submit', 'tiny', '--priority', '11'], /from -10 to 10/],
  [['submit', 'tiny', '--delay', '31d'], /Give a time up to 30d, such as 90s/],
  [['submit', 'tiny', '--delay', '5'], /Give a time up to 30d/],
  [['submit', 'tiny'], /STORYFARM_KEY is no key\. \(invalid_request\)\n {2}-> /, { STORYFARM_KEY: 'sch\u00f6n' }],
  [['submit', 'tiny', '--url', 'localhost'], /such as http:\/\/127\.0\.0\.1:8080/],
  [['submit', 'tiny', '--idempotency-key', '키'], /printable ASCII/],
  [['submit', 'tiny'], /such as http:/, { STORYFARM_URL: 'nonsense' }],
  [['render', 'nope', ...TINY], /There is no template "nope"\. \(unknown_template\)\n {2}-> There are: tiny\./],
  [['render', 'x', '--template-folders', 'none'], /-> None is in .*none\. Put a template there/],
  [['render', 'tiny', ...TINY], /\/words\/hello: This bubble must have words\. \(missing_words\)/],
  [
    ['render', ...TINY, 'tiny', '-w', 'hello=x', '-w', 'no=x', '-c', 'ball=blue'],
    /2 places.*red, green\.[\s\S]*\n {2}\/words\/no /,
  ],
  [['render', 'tiny', ...TINY, '-w', `hello=${'x'.repeat(61)}`], /61 characters; at most 60\. \(words_too_long\)/],
  [
    ['render', 'tiny', ...TINY, '-w', 'hello=x', '-o', 'wrong.json'],
    /wrong\.json is a file, not a folder\. \(invalid_request\)/,
  ],
  ...['render', 'templates show', 'templates prepare'].map(
    (call) =>
      [
        [
          ...call.split(' '),
          'tiny',
          ...TINY,
          '--data-folder',
          'wrong.json',
          ...(call === 'render' ? ['-w', 'hello=x'] : []),
        ],
        /The data folder .*wrong\.json is a file\. \(config_invalid\)\n {2}-> Move the file away/,
      ] as const,
  ),
  [
    ['templates', 'new', 'x'],
    /required option '--footage <file>' not specified\n {2}-> `storyfarm templates new --help`/,
  ],
  [['templates', 'new', 'No', '--footage', 'x'], /"No" cannot be a template's id.*\n {2}-> .*lower-case/],
  [['templates', 'new', '.', '--footage', 'x'], /cannot be a template's id|is not empty/],
  [['templates', 'new', 'x', '--footage', 'none.mp4'], /There is no none\.mp4\. \(not_found\)/],
  [
    ['templates', 'new', 'x', '--footage', 'wrong.json'],
    /wrong\.json is not a whole movie: .*\n {2}-> .*ffmpeg -i FILM out\.mp4/,
  ],
  [['templates', 'validate', 'none'], /There is no folder none\./],
  [['templates', 'show', 'nope', ...TINY], /There are: tiny\. A folder with a template\.json does, too\./],
  [['templates', 'preview', 'tiny', ...TINY, '-l', 'fr'], /no sample words in "fr".*\n {2}-> There are: en, ko\./],
  [['templates', 'preview', 'tiny', ...TINY, '-c', 'ball=blue'], /\/cast\/ball: .*red, green\. \(unknown_character\)/],
  [['demo', 'nope', ...TINY], /There is no template "nope"\./],
];

/** Makes the calls one after the other, in a process of their own. */
async function makeAll(calls: readonly Call[], cwd: string): Promise<readonly Ended[]> {
  const program = fork(fileURLToPath(new URL('many.js', import.meta.url)), { cwd });
  const told = once(program, 'message');
  program.send(calls);
  const [results] = (await told) as [readonly Ended[]];
  assert.equal(results.length, calls.length);
  return results;
}

test('a wrong call ends with 2, says where it is wrong and what to do, and answers nothing', async (t) => {
  const cwd = temporaryFolder(t);
  writeFileSync(join(cwd, 'wrong.json'), '{"port": "x"}');
  const results = await makeAll(
    WRONG.map(([args, , env = {}]) => ({ args, env })),
    cwd,
  );
  for (const [index, { code, stdout, stderr }] of results.entries()) {
    const [args, said] = WRONG[index] as (typeof WRONG)[number];
    const call = `storyfarm ${args.join(' ')}\n${stderr}`;
    assert.equal(code, 2, call);
    assert.equal(stdout, '', call);
    assert.match(stderr, said, call);
    assert.doesNotMatch(stderr, /\n {4}at /, call);
  }
});

test('work that fails ends with 1', async (t) => {
  const cwd = temporaryFolder(t);
  const broken = copyOfTiny(cwd, 'broken');
  writeFileSync(join(broken, 'template.json'), '{"format": 1}');
  const noFront = await run(['submit', 'tiny', '-w', 'hello=x', '--url', 'http://127.0.0.1:1'], { cwd });
  assert.deepEqual([noFront.code, noFront.stdout], [1, '']);
  assert.match(noFront.stderr, /No front answers at http:\/\/127\.0\.0\.1:1\. \(unavailable\)\n {2}-> Start one/);
  const noFfmpeg = await run(['up', '--port', '0', '--ffmpeg-path', 'none', ...TINY], { cwd });
  assert.deepEqual([noFfmpeg.code, noFfmpeg.stdout], [1, '']);
  assert.match(noFfmpeg.stderr, /The configured ffmpeg is not there: .*none \(ffmpeg_missing\)/);
  const render = await run(['render', 'broken', '--template-folders', '.', '-w', 'hello=x'], { cwd });
  assert.deepEqual([render.code, render.stdout], [1, '']);
  assert.match(render.stderr, /template\.json \/id: .*\(template_invalid\)/);
  const none = await run(['templates', 'list', '--template-folders', 'none'], { cwd });
  assert.deepEqual([none.code, none.stdout], [1, '']);
  assert.match(none.stderr, /There is no usable template in .*none\./);
});

describe('help and answers', () => {
  it('fit a terminal of 80 columns', async (t) => {
    const asked = [
      '--help',
      'up --help',
      'pause --help',
      'partners list --help',
      'partners key acme',
      'templates --help',
      'render --help',
      'templates list',
      'templates show tiny',
    ];
    const calls = asked.map((call) => ({
      args: call.split(' '),
      env: { STORYFARM_TEMPLATE_FOLDERS: fixtureTemplates },
    }));
    for (const { code, stdout, stderr } of await makeAll(calls, temporaryFolder(t))) {
      assert.deepEqual([code, stderr], [0, '']);
      // A path is as long as it is.
      for (const line of stdout.split('\n')) assert.ok(line.length <= 80 || line.startsWith('/'), line);
    }
  });

  it('are what was asked for', async (t) => {
    const cwd = temporaryFolder(t);
    assert.equal((await run(['--version'], { cwd })).stdout, `${version}\n`);
    const config = await run(['config', '--max-jobs', '7'], { cwd, env: { STORYFARM_SLOTS: '3' } });
    assert.match(config.stdout, /^maxJobs +7 +flag$/m);
    assert.match(config.stdout, /^slots +3 +environment$/m);
    assert.match(config.stdout, /^maxMemory +512MB +default$/m);
    const json = JSON.parse((await run(['config', '--json', '--store', 'mssql://u:pw@h/d'], { cwd })).stdout);
    assert.equal(json.options.find(({ name }: { name: string }) => name === 'store').value, 'mssql://u:***@h/d');
  });

  it('do not mind a reader that leaves', async (t) => {
    const child = spawn(['config'], { cwd: temporaryFolder(t) });
    child.stdout?.destroy();
    const [[code], stderr] = await Promise.all([once(child, 'exit'), text(child.stderr as Readable)]);
    assert.deepEqual([code, stderr], [0, '']);
  });
});

test('what the system refuses is told with a remedy', () => {
  const told = (fields: object) => {
    const { code, message, hint } = withRemedy(Object.assign(new Error('raw'), fields));
    assert.notEqual(hint, '');
    return `${message} (${code})`;
  };
  assert.equal(
    told({ code: 'EACCES', path: '/a', syscall: 'mkdir' }),
    'This user has no right to /a. (config_invalid)',
  );
  assert.equal(told({ code: 'EROFS', path: '/a' }), '/a lies on a read-only file system. (config_invalid)');
  assert.equal(
    told({ code: 'EACCES', syscall: 'listen', address: '127.0.0.1', port: 80 }),
    'This user may not listen on 127.0.0.1:80. (config_invalid)',
  );
  assert.equal(
    told({ code: 'EADDRNOTAVAIL', syscall: 'listen', address: '10.9.9.9', port: 8080 }),
    '10.9.9.9:8080 is no address of this machine. (config_invalid)',
  );
  assert.equal(
    told({ code: 'ENOTFOUND', hostname: 'nosuch' }),
    'No host is known by the name nosuch. (config_invalid)',
  );
  assert.equal(told({ code: 'ENOSPC', path: '/a' }), 'The disk is full. (no_space)');
  assert.equal(told({ code: 'EIO' }), 'raw (internal)');
  assert.equal(withRemedy('thrown').code, 'internal');
});
