/**
 * Tags: what a server has that not every server has (a font, a card, much memory), each a word that the operator chooses. A template may require some, and so do its jobs: they are given only
 * to servers that have all of them. What a job requires is kept as one text, so that jobs that require the same can be told apart from others by an index.
 */

/** Small letters, digits and hyphens; what stands between them is the operator's business. */
export const TAG = /^[a-z0-9][a-z0-9-]{0,19}$/;
/** Tags that a template may require: as many as the index of a job store has room for. */
export const MOST_REQUIRED = 4;
/** Tags of a server. */
export const MOST_TAGS = 20;

/** The tags as one text, the same for the same tags in whatever order; empty for none. */
export const requirementOf = (tags: readonly string[]): string => [...new Set(tags)].sort().join(',');

export const tagsIn = (requirement: string): string[] => (requirement === '' ? [] : requirement.split(','));

/** Whether a server with these tags may have jobs that require those. */
export const hasAll = (tags: readonly string[], required: readonly string[]): boolean =>
  required.every((tag) => tags.includes(tag));
