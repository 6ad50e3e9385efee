/** A reader of server-sent events. */

import assert from 'node:assert/strict';

export interface Event {
  readonly id: string;
  readonly event: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into documents of every form.
  readonly data: any;
}

/** Reads events as a browser would; `next` rejects when the stream ends without one. */
export async function follow(url: string, headers: Record<string, string> = {}) {
  const leaving = new AbortController();
  const answer = await fetch(url, { headers, signal: leaving.signal });
  assert.equal(answer.status, 200);
  const events = parse(answer.body as unknown as AsyncIterable<Uint8Array>);
  return {
    // Through the answer, which is so kept: one that nobody holds is collected, and its stream ended.
    get headers() {
      return answer.headers;
    },
    next: async (): Promise<Event> => {
      const { value, done } = await events.next();
      if (done) throw new Error('The stream has ended.');
      return value;
    },
    /** Everything up to the end of the stream. */
    rest: async (): Promise<Event[]> => {
      const all: Event[] = [];
      for await (const event of events) all.push(event);
      return all;
    },
    leave: () => leaving.abort(),
  };
}

async function* parse(body: AsyncIterable<Uint8Array>): AsyncGenerator<Event, undefined> {
  let buffer = '';
  for await (const chunk of body) {
    buffer += Buffer.from(chunk).toString();
    for (let end = buffer.indexOf('\n\n'); end >= 0; end = buffer.indexOf('\n\n')) {
      const fields = Object.fromEntries(
        buffer
          .slice(0, end)
          .split('\n')
          .map((line) => [line.split(': ', 1)[0], line.slice(line.indexOf(': ') + 2)]),
      );
      buffer = buffer.slice(end + 2);
      if (fields.data) yield { id: fields.id ?? '', event: fields.event ?? '', data: JSON.parse(fields.data) };
    }
  }
  return undefined;
}
