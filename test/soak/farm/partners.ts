/** Who asks: a few partners, each for as many jobs as the others. */

export const PARTNERS: readonly string[] = ['amber', 'birch', 'cedar', 'dune'];

/** Of the job with this number. */
export const partnerOf = (number: number): string => PARTNERS[number % PARTNERS.length] as string;
