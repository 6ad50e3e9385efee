/**
 * Files of jobs beyond this machine: an attempt works in its part folder here, and its files go to a bucket under `PREFIX/<job>/<fence>/<file>`.
 *
 * Problem: a bucket has no rename that would publish all files at once. It needs none: nobody knows the keys, and nobody may read the bucket, before the job's row names them, and that is written
 * under the fence when all of them are there. The fence in the key keeps attempts apart, as in a folder: a late one writes over nothing, and what it left is found and deleted by its number.
 *
 * Files go up as soon as they are whole, the poster first, while others are still encoded. Uploads are tried again; when they fail for good it is found out by trying whether the bucket takes anything: if
 * not, no job is to blame and claims rest; if it does, the attempt has failed.
 *
 * What it does not do: keep anything here once it is there, or know where else files may be read. Editions, words that were encoded before and part folders stay on this machine: they
 * are of use to it alone, and can be made again.
 */

import { randomUUID } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { asStoryfarmError, StoryfarmError } from '../../errors.js';
import { type Attempt, JOB, type Leavings, type Storage } from '../storage.js';
import type { Effort, Objects } from './objects.js';
import { Uploads } from './uploads.js';

/** `local` has the part folders, and what was published there before there was a bucket. */
export function openBucket(local: Storage, objects: Objects): Storage {
  const { prefix } = objects;
  const beginningOf = ({ id, fence }: Attempt) => `${prefix}${id}/${fence}/`;
  /** Of attempts that are under way in this process. */
  const underWay = new Map<string, Uploads>();

  async function removeAll(beginning: string, effort?: Effort, isMeant = (_key: string) => true): Promise<void> {
    for await (const page of objects.list(beginning, effort))
      for (const { key } of page) if (isMeant(key)) await objects.remove(key, effort);
  }

  /** What earlier attempts of the job left. */
  const removeEarlier = ({ id, fence }: Attempt) =>
    removeAll(`${prefix}${id}/`, 'brief', (key) => {
      const found = partsOf(key, prefix);
      return found !== undefined && found.fence < fence;
    });

  async function check(): Promise<void> {
    const key = `${prefix}.storyfarm-${randomUUID().slice(0, 8)}`;
    try {
      await objects.mark(key);
      await removeAll(key, 'brief');
    } catch (error) {
      const { message, hint, cause } = asStoryfarmError(error);
      throw new StoryfarmError('bucket_failed', message, { hint, cause });
    }
  }

  const uploadsOf = async (attempt: Attempt): Promise<Uploads> => {
    const beginning = beginningOf(attempt);
    const known = underWay.get(beginning);
    if (known) return known;
    throw new Error(`attempt ${beginning} was not begun`);
  };

  return {
    folder: local.folder,
    keyOf: (attempt, name) => beginningOf(attempt) + name,

    async begin(attempt) {
      objects.open();
      const folder = await local.begin(attempt);
      underWay.get(beginningOf(attempt))?.stop();
      underWay.set(beginningOf(attempt), new Uploads(objects, beginningOf(attempt), attempt.id));
      // The sweeper would find them, too.
      if (attempt.fence > 1) void removeEarlier(attempt).catch(() => {});
      return folder;
    },

    take(attempt, files) {
      const uploads = underWay.get(beginningOf(attempt));
      for (const file of files) uploads?.add(file);
    },

    async publish(attempt, { signal, onProgress } = {}) {
      const uploads = await uploadsOf(attempt);
      const folder = join(local.folder, attempt.id, `.${attempt.fence}.part`);
      for (const name of (await readdir(folder)).sort()) uploads.add(join(folder, name));
      await uploads.done(signal, onProgress);
      underWay.delete(beginningOf(attempt));
      await local.discard(attempt).catch(() => {}); // What is there is not needed here; the sweeper comes by.
      return beginningOf(attempt);
    },

    async borrow(attempt, place, outputs) {
      // Of a time before there was a bucket.
      if (isAbsolute(place)) return local.borrow(attempt, place, outputs);
      if (!place.startsWith(prefix)) return false;
      const copies = outputs.map(({ name }) => objects.copy(place + name, beginningOf(attempt) + name));
      const copied = await Promise.allSettled(copies);
      return copied.every(({ status }) => status === 'fulfilled');
    },

    async discard(attempt) {
      const beginning = beginningOf(attempt);
      await underWay.get(beginning)?.stop();
      underWay.delete(beginning);
      const results = await Promise.allSettled([local.discard(attempt), removeAll(beginning, 'brief')]);
      for (const result of results) if (result.status === 'rejected') throw result.reason;
    },

    async explain(thrown) {
      const explained = await local.explain(thrown);
      if (asStoryfarmError(explained).code !== 'upload_failed') return explained;
      return check().then(
        () => explained,
        (refusal) => refusal,
      );
    },

    check,

    async *leavings() {
      yield* local.leavings();
      yield* inBucket(objects);
    },

    async has(attempt) {
      if (await local.has(attempt)) return true;
      for await (const page of objects.list(beginningOf(attempt))) if (page.length > 0) return true;
      return false;
    },

    async forget(id) {
      await local.forget(id);
      await removeAll(`${prefix}${id}/`);
    },
  };
}

/** Jobs with objects in the bucket; keys of one job follow each other. */
async function* inBucket(objects: Objects): AsyncGenerator<Leavings> {
  let present: { id: string; fences: Set<number>; changedAt: number } | undefined;
  for await (const page of objects.list(objects.prefix)) {
    for (const { key, changedAt } of page) {
      const found = partsOf(key, objects.prefix);
      if (!found) continue;
      if (present?.id !== found.id) {
        if (present) yield { ...present, fences: [...present.fences] };
        present = { id: found.id, fences: new Set(), changedAt };
      }
      present.fences.add(found.fence);
      present.changedAt = Math.max(present.changedAt, changedAt);
    }
  }
  if (present) yield { ...present, fences: [...present.fences] };
}

/** Whose an object is; undefined for keys that are not ours. */
function partsOf(key: string, prefix: string): Attempt | undefined {
  const [id = '', fence = '', file, ...more] = key.slice(prefix.length).split('/');
  const isOurs = key.startsWith(prefix) && JOB.test(id) && /^\d{1,15}$/.test(fence) && file && more.length === 0;
  return isOurs ? { id, fence: Number(fence) } : undefined;
}
