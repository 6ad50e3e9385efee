import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { asStoryfarmError } from '../../../src/errors.js';
import { parseBucketAddress } from '../../../src/media/bucket/address.js';

describe('the address of a bucket', () => {
  it('names bucket, prefix, endpoint and region', () => {
    assert.deepEqual(parseBucketAddress('s3://films'), {
      name: 's3://films',
      bucket: 'films',
      prefix: '',
      forcePathStyle: false,
    });
    assert.deepEqual(
      parseBucketAddress(
        's3://films.example/a/b/?endpoint=https%3A%2F%2Fs3.example%3A9000&region=eu-1&forcePathStyle=true',
      ),
      {
        name: 's3://films.example/a/b at https://s3.example:9000',
        bucket: 'films.example',
        prefix: 'a/b/',
        endpoint: 'https://s3.example:9000',
        region: 'eu-1',
        forcePathStyle: true,
      },
    );
    assert.equal(parseBucketAddress('s3://films?endpoint=http://127.0.0.1:1').region, 'us-east-1');
  });

  it('may hold credentials, and does not repeat them', () => {
    const { credentials, name } = parseBucketAddress('s3://K%2FEY:S%40CRET@films?sessionToken=T0KEN');
    assert.deepEqual(credentials, { accessKeyId: 'K/EY', secretAccessKey: 'S@CRET', sessionToken: 'T0KEN' });
    assert.equal(name, 's3://films');
  });

  for (const [wrong, why] of [
    ['s3://', /no (address|bucket)/],
    ['s3://Fi_lms', /names no bucket/],
    ['s3://films:9000', /names no bucket/],
    ['s3://films/a b', /prefix has other characters/],
    ['s3://films/a//b', /prefix has other characters/],
    ['s3://SECRET@films', /key without a secret/],
    ['s3://a:%SECRET@films', /secret has a %/],
    ['s3://a:SECRET@films?regoin=x', /not known: regoin/],
    ['s3://a:SECRET@films?forcePathStyle=yes', /neither true nor false/],
    ['s3://a:SECRET@films?endpoint=s3.example', /endpoint is no address/],
    ['s3://films?endpoint=https://u:SECRET@s3.example', /endpoint is no address/],
    ['s3://films?region=a/b', /region is no name/],
  ] as const) {
    it(`is refused without being repeated: ${wrong.replace('SECRET', '…')}`, () => {
      assert.throws(
        () => parseBucketAddress(wrong),
        (thrown) => {
          const { code, message, hint } = asStoryfarmError(thrown);
          assert.equal(code, 'config_invalid');
          assert.match(message, why);
          return !`${message}${hint}`.includes('SECRET');
        },
      );
    });
  }
});
