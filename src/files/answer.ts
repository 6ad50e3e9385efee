/** What a request for a file is answered, decided from its fields and the file's validators alone (RFC 9110, section 13.2.2). */

import { type ByteRange, rangeOf } from './range.js';

export interface Validators {
  /** Bytes. */
  readonly size: number;
  /** Strong: equal only for equal bytes. In quotes. */
  readonly etag: string;
  /** As in Last-Modified. */
  readonly modified: string;
}

/** Request fields, names in lower case. */
export type Fields = Readonly<Record<string, string | readonly string[] | undefined>>;

export type FileAnswer =
  | { readonly status: 200 | 304 | 412 | 416 }
  | { readonly status: 206; readonly range: ByteRange };

export function answerFor(method: string, fields: Fields, file: Validators): FileAnswer {
  const field = (name: string) => (typeof fields[name] === 'string' ? fields[name] : undefined);

  const ifMatch = field('if-match');
  if (ifMatch !== undefined) {
    if (!names(ifMatch, file.etag, 'strong')) return { status: 412 };
  } else if (isAfter(file.modified, field('if-unmodified-since'))) return { status: 412 };

  const ifNoneMatch = field('if-none-match');
  if (ifNoneMatch !== undefined) {
    if (names(ifNoneMatch, file.etag, 'weak')) return { status: 304 };
  } else if (isAfter(file.modified, field('if-modified-since')) === false) return { status: 304 };

  if (method !== 'GET' || !isFresh(field('if-range'), file)) return { status: 200 };
  const range = rangeOf(field('range'), file.size);
  if (range === undefined) return { status: 200 };
  return range === 'unsatisfiable' ? { status: 416 } : { status: 206, range };
}

/** Whether a list of entity tags names this one. Compared strongly, a weak tag equals nothing. */
function names(list: string, etag: string, comparison: 'strong' | 'weak'): boolean {
  if (list.trim() === '*') return true;
  return [...list.matchAll(/(W\/)?("[^"]*")/g)].some(
    ([, weak, tag]) => tag === etag && (comparison === 'weak' || weak === undefined),
  );
}

/** Whether the file is newer than a date; undefined when the field is missing or no date, and is then ignored. */
function isAfter(modified: string, date: string | undefined): boolean | undefined {
  const given = Date.parse(date ?? '');
  return Number.isNaN(given) ? undefined : Date.parse(modified) > given;
}

/** If-Range: the range is of the very file that the client has a part of. A published file never changes, so its date is a strong validator. */
function isFresh(ifRange: string | undefined, { etag, modified }: Validators): boolean {
  return ifRange === undefined || ifRange === etag || ifRange === modified;
}
