/**
 * Loaded before a renderer's program (leak.ts): from then on it keeps memory of every job, if its number is among those that were drawn. Renderers are numbered in the
 * order of their first jobs: each writes itself into the book that all share, and looks where it stands.
 */

const fs = require('node:fs') as typeof import('node:fs');
const { isMainThread } = require('node:worker_threads') as typeof import('node:worker_threads');

const { SOAK_LEAKS: drawn = '', SOAK_LEAKS_BOOK: book = '', SOAK_LEAKS_BYTES: bytes = '0' } = process.env;
/** Whatever else runs on Node is left alone, the supervisor above all. */
const isRenderer = isMainThread && /[\\/]bin[\\/]renderer\.js$/.test(process.argv[1] ?? '');

const kept: Buffer[] = [];
let isLeaky: boolean | undefined;

function isDrawn(): boolean {
  fs.appendFileSync(book, `${process.pid}\n`);
  const numbers = fs.readFileSync(book, 'utf8').split('\n');
  return drawn[numbers.lastIndexOf(`${process.pid}`) % drawn.length] === '1';
}

if (isRenderer) {
  const { emit } = process;
  // A listener would hear as much, but what came before the program's own would be taken for heard.
  process.emit = function (this: NodeJS.Process, ...args: unknown[]): boolean {
    const [event, message] = args as [string, { readonly type?: unknown } | undefined];
    if (event === 'message' && message?.type === 'render') {
      isLeaky ??= isDrawn();
      if (isLeaky) kept.push(Buffer.alloc(Number(bytes), 1));
    }
    return Reflect.apply(emit, this, args);
  } as typeof process.emit;
}
