import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { packageFolder } from '../../src/package.js';
import { templateJsonSchema, templateSchema } from '../../src/template/format.js';
import { description } from './sample.js';

const published = JSON.parse(readFileSync(join(packageFolder, 'schema', 'template.schema.json'), 'utf8'));
const accepts = new Ajv2020({ allErrors: true, strict: false }).compile(published);

describe('the published JSON Schema', () => {
  it('is what the definition gives; after a change: npm run schema', () => {
    assert.deepEqual(published, JSON.parse(JSON.stringify(templateJsonSchema())));
  });

  it('accepts what the definition accepts, defaults written or not', () => {
    assert.ok(accepts(description()), JSON.stringify(accepts.errors));
    assert.ok(accepts(JSON.parse(JSON.stringify(templateSchema.parse(description())))), JSON.stringify(accepts.errors));
  });

  it('refuses what the definition refuses', () => {
    const spoilt = [
      (d: Record<string, unknown>) => delete d.title,
      (d: Record<string, unknown>) => Object.assign(d, { title: { ko: '파티' } }),
      (d: Record<string, unknown>) => Object.assign(d, { colour: '#fff' }),
      (d: Record<string, unknown>) => Object.assign(d, { fps: 'fast' }),
      (d: Record<string, unknown>) => Object.assign(d, { footage: [{ file: '../x' }] }),
      (d: Record<string, unknown>) => Object.assign(d, { width: 641 }),
    ];
    for (const spoil of spoilt) {
      const raw = description() as unknown as Record<string, unknown>;
      spoil(raw);
      assert.equal(templateSchema.safeParse(raw).success, false);
      assert.equal(accepts(raw), false, spoil.toString());
    }
  });
});
