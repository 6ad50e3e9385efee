/** A farm that keeps its files in a bucket, as a user meets it: from the request over HTTP to the video that the signed address gives. */

import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import type { JobDocument } from '../../src/front/documents.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { type Faulty, startFaulty } from '../fixtures/objects/faulty.js';
import { noSwift, SECRET, swiftForAll } from '../fixtures/objects/swift.js';
import { fixtureTemplates } from '../fixtures/tiny.js';
import { noFfprobe } from '../fixtures/video.js';
import { run, Service } from './storyfarm.js';

const swift = swiftForAll();
const PARTS = ['--slots', '1', '--template-folders', fixtureTemplates];
const WORDS = { template: 'tiny', words: { hello: 'Hi', bye: '안녕' } };

/** `storyfarm up` with a bucket behind a server that may misbehave. */
async function farm(t: TestContext, env: Readonly<Record<string, string>> = {}) {
  const cwd = temporaryFolder(t);
  const bucket = await swift().bucket();
  const faulty = await startFaulty(t, swift().endpoint);
  const storage = swift().address(bucket, { endpoint: faulty.endpoint });
  const where = { cwd, env: { STORYFARM_STORAGE: storage, STORYFARM_PREPARE: 'none', ...env } };
  const up = await Service.start(t, ['up', '--port', '0', ...PARTS], where);
  const ask = async (body: object = WORDS): Promise<JobDocument> => {
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${up.url}/v1/jobs`, { method: 'POST', headers, body: JSON.stringify(body) });
    assert.equal(answer.status, 202);
    return (await answer.json()) as JobDocument;
  };
  /** The job at its end, as its events tell it. */
  const end = async ({ id }: JobDocument): Promise<JobDocument> => {
    const text = await (await fetch(`${up.url}/v1/jobs/${id}/events`)).text();
    const states = [...text.matchAll(/event: state\ndata: (.*)\n/g)].map(([, data = '']) => JSON.parse(data));
    return states.at(-1);
  };
  const keys = async () => (await swift().keys(bucket)).sort();
  return { cwd, bucket, faulty, where, up, ask, end, keys };
}

const isVideo = (path: string) => path.endsWith('.mp4');
const hangAtVideos = (faulty: Faulty) => {
  faulty.fault = (method, path) => (method === 'PUT' && isVideo(path) ? 'hang' : undefined);
};

describe('a farm with a bucket', { skip: noSwift }, () => {
  it('renders into it; signed addresses give the files, and nothing of them is left on the machine', async (t) => {
    const { cwd, up, ask, end, keys } = await farm(t);
    const { id } = await ask();
    const { state, files, poster } = await end({ id } as JobDocument);
    assert.equal(state, 'rendered');
    assert.deepEqual(
      await keys(),
      ['large.mp4', 'medium.mp4', 'poster.jpg', 'small.mp4'].map((name) => `videos/${id}/1/${name}`),
    );
    const job = (await (await fetch(`${up.url}/v1/jobs/${id}`)).json()) as JobDocument;
    for (const shown of [...files, ...job.files]) {
      assert.match(shown.url, /[?&]X-Amz-Expires=86400&/);
      const answer = await fetch(shown.url);
      assert.deepEqual([answer.status, answer.headers.get('content-type')], [200, 'video/mp4']);
      assert.equal((await answer.arrayBuffer()).byteLength, shown.bytes);
    }
    assert.equal((await fetch(poster?.url ?? '')).headers.get('content-type'), 'image/jpeg');
    if (!noFfprobe) {
      const show =
        '-v error -count_frames -select_streams v -show_entries stream=codec_name,width,nb_read_frames -of csv=p=0';
      // Not synchronously: the server in between is of this process.
      const { stdout } = await promisify(execFile)('ffprobe', [...show.split(' '), files[0]?.url ?? '']);
      assert.equal(stdout.trim(), 'h264,320,50');
    }
    assert.deepEqual(
      readdirSync(join(cwd, 'var', 'jobs')).filter((name) => !name.startsWith('.')),
      [],
    );
    assert.ok(!JSON.stringify(up.lines).includes(SECRET), 'the log has no secret');
  });

  it('borrows the files of an equal job by copying them in the bucket', async (t) => {
    const { ask, end, keys } = await farm(t);
    const first = await end(await ask());
    const again = await end(await ask({ ...WORDS, reuse: true }));
    assert.equal((await keys()).filter((key) => key.includes(again.id)).length, 4);
    const bytesOf = async ({ files }: JobDocument) =>
      Buffer.from(await (await fetch(files[0]?.url ?? '')).arrayBuffer());
    assert.deepEqual(await bytesOf(again), await bytesOf(first));
    assert.notEqual(first.files[0]?.url.split('?')[0], again.files[0]?.url.split('?')[0]);
  });

  it('gives public addresses where there are some', async (t) => {
    const { ask, end } = await farm(t, { STORYFARM_STORAGE_URL: 'https://videos.example/v/' });
    const { id, files } = await end(await ask());
    assert.equal(files[0]?.url, `https://videos.example/v/${id}/1/large.mp4`);
  });

  it('loses nothing when a renderer is killed in the middle of an upload', async (t) => {
    const { faulty, up, ask, end, keys } = await farm(t);
    hangAtVideos(faulty);
    const met = faulty.met();
    const job = await ask();
    await met;
    const [renderer] = renderersOf(up.child.pid ?? 0);
    faulty.fault = () => undefined;
    process.kill(renderer ?? Number.NaN, 'SIGKILL');
    const { state } = await end(job);
    assert.equal(state, 'rendered');
    assert.deepEqual(
      (await keys()).map((key) => key.split('/')[2]),
      ['2', '2', '2', '2'],
    );
  });

  it('deletes what went up of a job that is cancelled meanwhile', async (t) => {
    const { faulty, up, ask, keys } = await farm(t);
    hangAtVideos(faulty);
    const met = faulty.met();
    const { id } = await ask();
    await met;
    for (let found: string[] = []; found.length === 0; ) found = await keys();
    assert.equal((await fetch(`${up.url}/v1/jobs/${id}/cancel`, { method: 'POST' })).status, 200);
    await up.said('lease lost');
    assert.deepEqual(await keys(), []);
  });

  it('takes no jobs, and burns none, while the bucket is away; readyz and the log tell why', async (t) => {
    const { faulty, up, ask, end } = await farm(t);
    faulty.fault = (method) => (method === 'PUT' ? 'slow-down' : undefined);
    const job = await ask();
    const { detail, hint } = await up.said('claims paused');
    for (let reason = ''; !reason.includes('SlowDown'); ) {
      const readiness = await fetch(`${up.url}/readyz`);
      reason = readiness.status === 503 ? await readiness.text() : '';
    }
    faulty.fault = () => undefined;
    const { state, attempt } = await end(job);
    assert.deepEqual([state, attempt], ['rendered', 0]);
    assert.match(String(detail), /SlowDown \(503\)/);
    assert.match(String(hint), /too much to do/);
  });
});

describe('a bucket that cannot be used', { skip: noSwift }, () => {
  it('is told by doctor and at the start of a farm, with the remedy and no secret', async (t) => {
    const cwd = temporaryFolder(t);
    const doctor = (storage: string) =>
      run(['doctor', ...PARTS.slice(2)], { cwd, env: { STORYFARM_STORAGE: storage } });
    const bucket = await swift().bucket();
    const well = await doctor(swift().address(bucket));
    assert.match(
      well.stdout,
      new RegExp(`ok +storage +s3://${bucket}/videos at http.* takes, lists and deletes objects`),
    );
    const missing = await doctor(swift().address('nowhere'));
    assert.match(missing.stdout, /BAD +storage +.*there is no such bucket\.\n +-> Make the bucket/);
    assert.equal(missing.code, 1);
    const wrong = swift().address(bucket, { secret: 'wr0ng' });
    const refused = await doctor(wrong);
    assert.match(refused.stdout, /BAD +storage +.*credentials are refused \(SignatureDoesNotMatch\)/);
    const config = await run(['config'], { cwd, env: { STORYFARM_STORAGE: wrong } });
    for (const { stdout, stderr } of [well, missing, refused, config])
      assert.doesNotMatch(stdout + stderr, new RegExp(`wr0ng|${SECRET}@`));
    const farm = Service.launch(t, ['up', '--port', '0', ...PARTS], { cwd, env: { STORYFARM_STORAGE: wrong } });
    const { detail, hint } = await farm.said('claims paused');
    assert.match(String(detail), /credentials are refused/);
    assert.match(String(hint), /right to put, get, list and delete/);
    const readiness = await fetch(`${farm.url}/readyz`);
    assert.deepEqual([readiness.status, (await readiness.text()).includes('credentials are refused')], [503, true]);
  });
});

/** Processes that this one has started and that render; Linux only. */
function renderersOf(parent: number): number[] {
  const children = execFileSync('ps', ['-o', 'pid=,args=', '--ppid', String(parent)], { encoding: 'utf8' });
  return children
    .split('\n')
    .filter((line) => line.includes('renderer'))
    .map((line) => Number(line.trim().split(' ')[0]));
}
