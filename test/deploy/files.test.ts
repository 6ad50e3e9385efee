/** What lies in deploy/ and stands in docs/deploy.md, as far as it can be held without Docker: it can be read, and every option, command, port and name is one that exists. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { loadConfig } from '../../src/cli/config.js';
import { OPTIONS, type OptionName, variableOf } from '../../src/cli/options.js';
import { packageFolder } from '../../src/package.js';
import { parseAddress } from '../../src/store/mssql/address.js';
import { run } from '../cli/storyfarm.js';

/** It brings no types along. */
const yaml = createRequire(import.meta.url)('js-yaml') as { load(text: string): unknown };
const read = (file: string) => readFileSync(join(packageFolder, file), 'utf8');

interface Service {
  readonly command?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly depends_on?: Readonly<Record<string, unknown>>;
  readonly volumes?: readonly string[];
  readonly image?: string;
}
interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}
const compose = yaml.load(read('deploy/compose.yaml')) as Compose;
const services = Object.entries(compose.services);
const ours = services.filter(([, { image }]) => image === 'storyfarm');
const commandOf = (name: string) => compose.services[name]?.command;
const doc = read('docs/deploy.md');
const portOf = (name: 'port' | 'filesPort' | 'farmPort') => String(OPTIONS[name].fallback);
const PORTS: Readonly<Record<string, string>> = {
  farm: portOf('farmPort'),
  files: portOf('filesPort'),
  front: portOf('port'),
};

describe('deploy/compose.yaml', () => {
  test('has two of each, and names only what is there', () => {
    const commands = ours.map(([, { command }]) => command);
    for (const name of ['farm', 'files', 'front'])
      assert.equal(commands.filter((each) => each === name).length, 2, name);
    for (const [name, { depends_on = {}, volumes = [] }] of services) {
      for (const other of Object.keys(depends_on)) assert.ok(compose.services[other], `${name} waits for ${other}`);
      for (const [from = ''] of volumes.map((volume) => volume.split(':'))) {
        if (from.startsWith('./')) assert.ok(existsSync(join(packageFolder, 'deploy', from)), `${name} mounts ${from}`);
        else assert.ok(from in compose.volumes, `${name} uses the volume ${from}`);
      }
    }
  });

  test('gives every service a configuration that it can use', () => {
    for (const [name, { environment = {} }] of ours) {
      const env = Object.fromEntries(
        Object.entries(environment).map(([key, value]) => [key, value.replaceAll(/\$\{\w+:\?\}/g, 'Secret1')]),
      );
      const { config } = loadConfig({ env, file: join(packageFolder, 'test', 'deploy', 'none.json') });
      if (env.STORYFARM_STORE) assert.match(parseAddress(config.store ?? '').name, /@sqlserver:1433\/storyfarm$/, name);
    }
  });

  test('stops a farm more slowly than it drains', () => {
    for (const [name, service] of ours) {
      if (service.command !== 'farm') continue;
      const grace = Number.parseInt((service as { stop_grace_period?: string }).stop_grace_period ?? '0', 10);
      assert.ok(grace > Number.parseInt(service.environment?.STORYFARM_DRAIN ?? '', 10), name);
    }
  });

  test('takes its passwords from the example', () => {
    const wanted = new Set([...read('deploy/compose.yaml').matchAll(/\$\{(\w+):\?\}/g)].map(([, name]) => name));
    const given = [...read('deploy/example.env').matchAll(/^(\w+)=/gm)].map(([, name]) => name);
    assert.deepEqual([...wanted].sort(), given.sort());
  });
});

test('the Dockerfile names files, options and commands that exist', () => {
  const text = read('Dockerfile');
  for (const [, variable] of text.matchAll(/(STORYFARM_\w+)=/g)) assert.ok(variables.has(variable ?? ''), variable);
  for (const [, files = ''] of text.matchAll(/^COPY ([\w. -]+) \S+$/gm))
    for (const file of files.split(' ')) assert.ok(existsSync(join(packageFolder, file)), file);
  assert.ok(existsSync(join(packageFolder, 'bin', 'storyfarm')));
});

const variables = new Set((Object.keys(OPTIONS) as OptionName[]).map(variableOf));

describe('what asks and switches', () => {
  test('asks each service at its port', () => {
    const { scrape_configs: jobs } = yaml.load(read('deploy/prometheus.yml')) as {
      scrape_configs: { job_name: string; static_configs: { targets: string[] }[] }[];
    };
    for (const { job_name, static_configs } of jobs) {
      const part = job_name.replace('storyfarm-', '');
      for (const target of static_configs.flatMap(({ targets }) => targets)) {
        const [name = '', port] = target.split(':');
        assert.deepEqual([commandOf(name), port], [part, PORTS[part]], target);
      }
    }
  });

  const hasPromtool = spawnSync('promtool', ['--version']).error === undefined;
  test('pleases promtool', { skip: !hasPromtool && 'promtool is not installed' }, () => {
    const { status, stderr } = spawnSync('promtool', [
      'check',
      'config',
      join(packageFolder, 'deploy', 'prometheus.yml'),
    ]);
    assert.equal(status, 0, String(stderr));
  });

  test('leads Grafana to Prometheus', () => {
    const { datasources } = yaml.load(read('deploy/grafana/provisioning/datasources/prometheus.yaml')) as {
      datasources: { url: string }[];
    };
    assert.ok(datasources.every(({ url }) => new URL(url).hostname in compose.services));
  });

  test('is asked for /readyz, at fronts that are there', () => {
    const text = read('deploy/haproxy.cfg');
    assert.match(text, /option httpchk GET \/readyz/);
    const fronts = [...text.matchAll(/^ {2}server (\S+) (\S+):(\d+) check/gm)];
    assert.equal(fronts.length, 2);
    for (const [, name = '', host, port] of fronts)
      assert.deepEqual([commandOf(name), host, port], ['front', name, PORTS.front]);
    assert.match(read('deploy/nginx.conf'), new RegExp(`server front-1\\.internal:${PORTS.front} `));
  });
});

describe('docs/deploy.md', () => {
  test('shows configurations that can be used', () => {
    const shown = [...doc.matchAll(/```json\n([\s\S]*?)```/g)].map(([, json]) => JSON.parse(json ?? '') as object);
    assert.ok(shown.length >= 2);
    for (const flags of shown) {
      for (const name of Object.keys(flags)) assert.ok(name in OPTIONS, name);
      const { config } = loadConfig({ flags: flags as Record<string, unknown>, env: {} });
      parseAddress(config.store ?? '');
    }
  });

  test('names commands and flags that exist, and files that are there', async () => {
    const calls = [...doc.matchAll(/storyfarm ([a-z]+)((?: (?:--[a-z-]+|[a-z]+))*)/g)];
    const helps = new Map<string, string>();
    for (const [call, command = '', rest = ''] of calls) {
      if (!/^(migrate|doctor|templates|config|status|partners|history|import|up|front|farm|files)$/.test(command))
        continue;
      const [below = ''] = /^ [a-z]+/.exec(rest) ?? [];
      const key = command === 'templates' ? `${command}${below}` : command;
      if (!helps.has(key)) {
        const { code, stdout } = await run([...key.split(' '), '--help'], { cwd: packageFolder });
        assert.equal(code, 0, key);
        helps.set(key, stdout);
      }
      for (const [flag] of rest.matchAll(/--[a-z-]+/g)) assert.ok(helps.get(key)?.includes(flag), call);
    }
    assert.ok(helps.size > 5);
    for (const [, file = ''] of doc.matchAll(/\]\(((?:\.\.\/)?[\w./-]+?)(?:#[\w-]+)?\)/g))
      assert.ok(existsSync(join(packageFolder, 'docs', file)), file);
  });
});
