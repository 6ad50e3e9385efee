/**
 * docs/deploy.md followed as a new user would: its commands are run as they stand there, its configurations are used with other names in them, and the five machines are addresses of this one: two render servers,
 * two fronts, and the SQL Server that STORYFARM_TEST_MSSQL_URL names.
 */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import type { JobDocument } from '../../src/front/documents.js';
import { loadTemplate } from '../../src/media/install/catalog.js';
import { packageFolder } from '../../src/package.js';
import { openStore } from '../../src/store/open.js';
import { PROGRAM, Service } from '../cli/storyfarm.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { fixtureTemplates, tinyFolder } from '../fixtures/tiny.js';
import { enqueue } from '../store/conformance/subject.js';
import { makeSchema, type Schema } from '../store/fixtures/schema.js';
import { noServer } from '../store/fixtures/sql-server.js';

const doc = readFileSync(join(packageFolder, 'docs', 'deploy.md'), 'utf8');
const blocks = (kind: string) =>
  [...doc.matchAll(new RegExp(`^ *\`\`\`${kind}\n([\\s\\S]*?)^ *\`\`\``, 'gm'))].map(([, text = '']) => text);
/** The commands that begin so, in their order. */
const commands = (start: string) =>
  blocks('sh')
    .flatMap((text) => text.split('\n').map((line) => line.trim()))
    .filter((line) => line.startsWith(start));
const [ofRenderer, ofFront] = blocks('json').map((text) => JSON.parse(text) as Record<string, unknown>);

const skip = noServer ?? (process.platform !== 'linux' && 'only Linux has all of 127.0.0.0/8 to listen on');

describe('docs/deploy.md, followed', { skip }, () => {
  const folder = temporaryFolder({ after });
  let schema: Schema;
  let farms: Service[];
  let fronts: Service[];
  const ends: (() => Promise<void>)[] = [];
  const t = { after: (end: () => Promise<void>) => void ends.push(end) };
  const imported: string[] = [];

  /** A machine: a folder with its configuration. */
  const machine = (name: string, config: Record<string, unknown>) => {
    const cwd = join(folder, name);
    mkdirSync(cwd, { recursive: true });
    writeFileSync(join(cwd, 'storyfarm.config.json'), JSON.stringify(config));
    return { cwd };
  };
  /** As typed into a terminal of the machine. */
  const type = (line: string, { cwd }: { readonly cwd: string }) =>
    new Promise<{ readonly code: unknown; readonly stdout: string; readonly stderr: string }>((resolve) => {
      const outside = Object.entries(process.env).filter(([name]) => !name.startsWith('STORYFARM_'));
      const env = {
        ...Object.fromEntries(outside),
        ...{ PATH: `${folder}${delimiter}${process.env.PATH}`, OWNER_STORE: schema.url, STORE: schema.url },
      };
      execFile('sh', ['-c', line], { cwd, env }, (error, stdout, stderr) =>
        resolve({ code: error ? error.code : 0, stdout, stderr }),
      );
    });
  /** Runs the commands of the page that begin so; each must do its work. Answers what the last one printed. */
  const follow = async (start: string, where: { readonly cwd: string }) => {
    let printed = '';
    const lines = commands(start);
    assert.ok(lines.length > 0, `the page has "${start}"`);
    for (const line of lines) {
      const { code, stdout, stderr } = await type(line, where);
      assert.equal(code, 0, `${line}\n${stdout}${stderr}`);
      printed = stdout;
    }
    return printed;
  };
  const renderer = (number: number, filesUrl: string) => ({
    ...ofRenderer,
    ...{ store: schema.url, server: `render-${number}`, host: `127.0.0.${1 + number}`, filesUrl },
    ...{ dataFolder: 'var', templateFolders: [fixtureTemplates], slots: 1, standby: 0 },
  });
  /** Asks as the API wants it: what is not answered now (503) is asked for again, when it says. */
  const ask = async (url: string, init: RequestInit = {}): Promise<Response> => {
    for (;;) {
      const answer = await fetch(url, init);
      if (answer.status !== 503) return answer;
      await setTimeout(1_000 * Number(answer.headers.get('retry-after') ?? 1));
    }
  };
  const post = (front: Service, words: string) =>
    ask(`${front.url}/v1/jobs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Bearer key', 'idempotency-key': words },
      body: JSON.stringify({ template: 'tiny', words: { hello: words } }),
    });
  /** Follows its events at a front until it has ended. */
  const ended = async (front: Service, id: string): Promise<JobDocument> => {
    const headers = { authorization: 'Bearer key' };
    await (await ask(`${front.url}/v1/jobs/${id}/events`, { headers })).text();
    return (await ask(`${front.url}/v1/jobs/${id}`, { headers })).json() as Promise<JobDocument>;
  };

  before(async () => {
    schema = await makeSchema(process.env.STORYFARM_TEST_MSSQL_URL ?? '', 'five');
    t.after(() => schema.drop());
    symlinkSync(PROGRAM, join(folder, 'storyfarm'));
  });
  after(async () => {
    for (const end of ends.reverse()) await end();
  });

  it('the jobs of the one machine are moved', async () => {
    const old = machine('render-1', renderer(1, 'http://127.0.0.2:1'));
    const store = await openStore(`sqlite:${join(old.cwd, 'var', 'storyfarm.db')}`);
    const { ref } = await loadTemplate(tinyFolder);
    for (const words of ['one', 'two']) {
      const request = { template: ref, cast: { ball: 'red' }, words: { hello: words } };
      imported.push((await enqueue(store, { request })).id);
    }
    await store.close();
    assert.match(await follow('storyfarm migrate', old), /up to date/);
    assert.match(await follow('storyfarm import', old), /^jobs +2 +2$[\s\S]*2 jobs were moved/m);
    renameSync(join(old.cwd, 'var', 'storyfarm.db'), join(folder, 'moved.db'));
  });

  it('two render servers and two fronts start', async () => {
    const machines = [1, 2].map((number) =>
      machine(`render-${number}`, renderer(number, `http://127.0.0.${1 + number}:1`)),
    );
    const files = await Promise.all(machines.map((where) => Service.start(t, ['files', '--files-port', '0'], where)));
    for (const [at, { url }] of files.entries()) machine(`render-${at + 1}`, renderer(at + 1, url));
    const [first, second] = machines as [{ cwd: string }, { cwd: string }];
    await follow('storyfarm templates prepare', first);
    cpSync(join(first.cwd, 'var', 'editions'), join(second.cwd, 'var', 'editions'), { recursive: true });
    const doctor = await follow('storyfarm doctor', first);
    assert.doesNotMatch(doctor, /^BAD/m);
    assert.doesNotMatch(await follow('storyfarm config', first), /PASSWORD|12345678/);
    farms = await Promise.all(machines.map((where) => Service.start(t, ['farm', '--farm-port', '0'], where)));
    const { keys } = (ofFront?.partners as { acme: { keys: string[] } }).acme;
    assert.match(keys[0] ?? '', /^sha256:[0-9a-f]{64}$/);
    const config = {
      ...ofFront,
      ...{ store: schema.url, templateFolders: [fixtureTemplates] },
      // The hash of "key".
      partners: { acme: { keys: ['sha256:2c70e12b7a0646f92279f427c7b38e7334d8e5389cff167a1dc30e73f826b683'] } },
    };
    fronts = await Promise.all(
      [1, 2].map((number) =>
        Service.start(
          t,
          ['front', '--port', '0'],
          machine(`front-${number}`, { ...config, host: `127.0.0.${3 + number}` }),
        ),
      ),
    );
    for (const { url } of [...files, ...farms, ...fronts]) assert.equal((await ask(`${url}/readyz`)).status, 200, url);
  });

  it('any front answers for any job, and the moved ones are rendered', async () => {
    const [one, other] = fronts as [Service, Service];
    const jobs = await Promise.all(
      Array.from(
        { length: 6 },
        async (_, n) => (await (await post(n % 2 ? one : other, `w${n}`)).json()) as JobDocument,
      ),
    );
    for (const [n, { id }] of jobs.entries()) assert.equal((await ended(n % 2 ? other : one, id)).state, 'rendered');
    const again = (await (await post(other, 'w1')).json()) as JobDocument;
    assert.equal(again.id, jobs[1]?.id, 'the same key at another front is the same job');
    // They were asked for by the partner that has the key.
    for (const id of imported) assert.equal((await ended(one, id)).state, 'rendered');
    const store = await openStore(schema.url, { busyDeadlineMs: 60_000 });
    try {
      const servers = new Set((await store.recent(20)).map(({ server }) => server));
      assert.ok(
        [...servers].every((server) => /^render-[12]$/.test(server ?? '')),
        [...servers].join(),
      );
    } finally {
      await store.close();
    }
    const where = { cwd: join(folder, 'render-2') };
    assert.match(await follow('storyfarm status', where), /^queued +rendering +rendered/m);
    await follow('storyfarm partners', where);
  });

  it('a front and a farm leave, and the others go on', async () => {
    const [front, other] = fronts as [Service, Service];
    for (const service of [front, farms[0] as Service]) {
      service.signal('SIGTERM');
      assert.equal(await service.ended(), 0);
    }
    const { id } = (await (await post(other, 'after')).json()) as JobDocument;
    assert.equal((await ended(other, id)).state, 'rendered');
    const { stdout } = await type(`storyfarm history ${id} --json`, { cwd: join(folder, 'render-2') });
    assert.match(stdout, /"render-2"/);
  });
});
