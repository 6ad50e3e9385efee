/** Who asks: a few partners with keys, each for as many jobs as the others. */

import { keyHash } from '../../../src/front/partners.js';

const PARTNERS = ['amber', 'birch', 'cedar', 'dune'] as const;

/** Of the job with this number. */
export const partnerOf = (number: number): string => PARTNERS[number % PARTNERS.length] as string;

const keyOf = (partner: string) => `soak-${partner}`;

export const authorization = (partner: string): string => `Bearer ${keyOf(partner)}`;

/** For the fronts. */
export const PARTNERS_OPTION = JSON.stringify(
  Object.fromEntries(PARTNERS.map((partner) => [partner, { keys: [keyHash(keyOf(partner))] }])),
);
