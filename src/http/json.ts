/** Bodies as JSON: UTF-8 only, not deep, and no keys that would reach for a prototype. */

import { StoryfarmError } from '../errors.js';

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** No document of the API is a third as deep; code behind may recurse without fear. */
const DEEPEST = 16;

/** The value, or undefined for an empty body. Throws `invalid_request`, without repeating what the body said. */
export function parseJson(body: Buffer): unknown {
  if (body.length === 0) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(utf8.decode(body));
  } catch {
    throw new StoryfarmError('invalid_request', 'The body is not JSON in UTF-8.', {
      hint: 'Send one well-formed JSON object, encoded as UTF-8.',
    });
  }
  inspect(value);
  return value;
}

function inspect(value: unknown): void {
  let level = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > DEEPEST)
      throw new StoryfarmError('invalid_request', `The body is nested deeper than ${DEEPEST} levels.`);
    const inner: unknown[] = [];
    for (const one of level) {
      if (typeof one !== 'object' || one === null) continue;
      // JSON.parse makes it an own property; whoever copies it later would set a prototype.
      if (Object.hasOwn(one, '__proto__'))
        throw new StoryfarmError('invalid_request', 'The body has a key that is never allowed: __proto__.');
      for (const child of Object.values(one)) inner.push(child);
    }
    level = inner;
  }
}
