/** Signatures, held against the library of the specification; and what a secret looks like. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Webhook } from 'standardwebhooks';
import { isSecret, newSecret, signed } from '../../src/delivery/sign.js';

describe('a signature', () => {
  it('is that which the specification’s library makes', () => {
    for (const body of ['{"test": 2432232314}', '{"hello":"안녕 👋"}', '']) {
      const [secret, at] = [newSecret(), 1_614_265_330_999];
      const fields = signed({ id: 'msg_1', at, body, secrets: [secret] });
      assert.deepEqual(fields, {
        'webhook-id': 'msg_1',
        'webhook-timestamp': '1614265330',
        'webhook-signature': new Webhook(secret).sign('msg_1', new Date(at), body),
      });
    }
  });

  it('is there for each secret', () => {
    const secrets = [newSecret(), newSecret()];
    const signature = signed({ id: 'a', at: 0, body: 'b', secrets })['webhook-signature'] ?? '';
    const each = secrets.map((secret) => new Webhook(secret).sign('a', new Date(0), 'b'));
    assert.deepEqual(signature.split(' '), each);
  });
});

describe('a secret', () => {
  it('has 24 to 64 bytes of base64 after its prefix', () => {
    const of = (bytes: number) => `whsec_${Buffer.alloc(bytes, 7).toString('base64')}`;
    assert.deepEqual(
      [23, 24, 32, 64, 65].map((bytes) => isSecret(of(bytes))),
      [false, true, true, true, false],
    );
    assert.ok(isSecret(newSecret()));
    assert.notEqual(newSecret(), newSecret());
    for (const wrong of [
      '',
      'whsec_',
      of(32).slice(6),
      `${of(32)} `,
      of(32).replace('B', '-'),
      `whsec_${'!'.repeat(40)}`,
    ])
      assert.ok(!isSecret(wrong), wrong);
  });
});
