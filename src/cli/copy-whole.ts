/** Copies a file such that nobody ever finds half of it under its name, whoever ends the process meanwhile: beside it first, then by a rename. */

import { copyFile, rename, rm } from 'node:fs/promises';

/** What stood there is replaced. Rejects like `copyFile`, and leaves then what stood there. */
export async function copyWhole(from: string, to: string): Promise<void> {
  // The name tells two processes apart; what a killed one leaves is seen to be no video.
  const beside = `${to}.${process.pid}.part`;
  try {
    await copyFile(from, beside);
    await rename(beside, to);
  } catch (error) {
    await rm(beside, { force: true }).catch(() => {});
    throw error;
  }
}
