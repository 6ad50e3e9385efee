/** The kernel's small files about processes (proc(5)), read at once and into one buffer: they are made from memory, wait for no disk, and are looked at every second. */

import { closeSync, openSync, readSync } from 'node:fs';

const MOST = 2 ** 16;
const buffer = Buffer.allocUnsafeSlow(MOST);

/** Its first 64 KiB; empty when it cannot be read. */
export function textOf(file: string): string {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file, 'r');
    return buffer.toString('latin1', 0, readSync(descriptor, buffer, 0, MOST, 0));
  } catch {
    return '';
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
