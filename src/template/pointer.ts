/** RFC 6901: names a place inside a JSON document, such as `/bubbles/2/shape`. */
export function pointer(...path: readonly (string | number | symbol)[]): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
