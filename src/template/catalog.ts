/** What is installed: templates by id, each pinned to its content. The catalogue on disk is media/catalog.ts. */

import type { TemplateRef } from '../job.js';
import type { Template } from './format.js';

export interface InstalledTemplate {
  readonly ref: TemplateRef;
  readonly template: Template;
  /** Absolute path of the template's folder. */
  readonly folder: string;
}

export interface Catalog {
  /** Usable templates by id, in the order of their ids. */
  list(): readonly InstalledTemplate[];
  get(id: string): InstalledTemplate | undefined;
}
