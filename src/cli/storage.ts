/** The storage that a configuration names: the folder of this server, or a bucket, and the addresses of what is in it. */

import { asStoryfarmError, StoryfarmError } from '../errors.js';
import { parseBucketAddress } from '../media/bucket/address.js';
import { openBucket } from '../media/bucket/bucket.js';
import { openS3 } from '../media/bucket/s3.js';
import { openStorage, type Storage } from '../media/storage.js';
import { withoutSlash } from './addresses.js';
import type { Config } from './options.js';

/** Throws `config_invalid` when the address cannot be used. Nothing is asked of the bucket yet. */
export function openConfiguredStorage({ dataFolder, storage }: Pick<Config, 'dataFolder' | 'storage'>): Storage {
  const local = openStorage(dataFolder);
  return storage === undefined ? local : openBucket(local, openS3(parseBucketAddress(storage)));
}

/** What tells where objects are. */
export type Bucket = Pick<Config, 'storage' | 'storageUrl' | 'storageExpiry'>;

/** How the address of an object is found: signed for a while, or public. Where no bucket is configured none is found. */
export function objectAddresses({ storage, storageUrl, storageExpiry }: Bucket): (key: string) => Promise<string> {
  if (storage === undefined) {
    return async () => {
      throw new StoryfarmError('unavailable', 'The files are in a bucket that this front does not know.', {
        hint: 'Give the front the option storage that the farm has.',
      });
    };
  }
  const address = parseBucketAddress(storage);
  if (storageUrl !== undefined) {
    const base = withoutSlash(storageUrl);
    return async (key) => `${base}/${key.startsWith(address.prefix) ? key.slice(address.prefix.length) : key}`;
  }
  const objects = openS3(address);
  objects.open();
  return (key) =>
    objects.sign(key, Math.floor(storageExpiry / 1000)).catch((error) => {
      const { message, hint, cause } = asStoryfarmError(error);
      throw new StoryfarmError('unavailable', message, { hint, cause });
    });
}
