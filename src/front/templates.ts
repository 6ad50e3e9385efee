/**
 * What is installed, as an editor needs it: titles and labels in every locale, who may play, where and when words stand, their limits and samples, and
 * the sizes that come out. Paths of assets are the operator's business and stay here.
 */

import * as z from 'zod';
import { StoryfarmError } from '../errors.js';
import { type Operation, operation } from '../http/operation.js';
import type { Catalog, InstalledTemplate } from '../template/catalog.js';
import { bubbleSchema, characterSchema, renditionSchema, roleSchema, templateSchema } from '../template/format.js';

const version = z.string().describe('Content hash; changes with anything in the template.');
const { id, title, description, width, height, fps, duration } = templateSchema.shape;

const summarySchema = z
  .strictObject({
    id,
    version,
    title,
    description,
    width,
    height,
    fps,
    duration,
    url: z.string().describe('Where the rest is.'),
  })
  .meta({ description: 'A template in a list.' });

export const templateListSchema = z
  .strictObject({ templates: z.array(summarySchema) })
  .meta({ description: 'The installed templates, in the order of their ids.' });

export const templateDocumentSchema = z
  .strictObject({
    id,
    version,
    title,
    description,
    width,
    height,
    fps,
    duration,
    roles: z.array(
      z.strictObject({
        id: roleSchema.shape.id,
        label: roleSchema.shape.label,
        characters: z.array(z.strictObject({ id: characterSchema.shape.id, label: characterSchema.shape.label })),
      }),
    ),
    bubbles: z.array(bubbleSchema),
    ladder: z.array(renditionSchema.pick({ id: true, width: true, height: true, fps: true, maxBytes: true })),
    poster: z.strictObject({ time: z.number().describe('Seconds; the frame that becomes the preview picture.') }),
  })
  .meta({ description: 'A template for an editor. Lengths are design units, times are seconds.' });

type TemplateDocument = z.infer<typeof templateDocumentSchema>;

export function templateOperations(catalog: Catalog, front: string): readonly Operation[] {
  return [
    operation({
      method: 'GET',
      path: '/v1/templates',
      id: 'listTemplates',
      summary: 'The installed templates',
      answers: { 200: { description: 'All of them.', schema: templateListSchema } },
      problems: [],
      handle: () => ({ templates: catalog.list().map((installed) => summary(installed, front)) }),
    }),
    operation({
      method: 'GET',
      path: '/v1/templates/:id',
      id: 'getTemplate',
      summary: 'A template, for an editor',
      params: { id: 'Id of the template.' },
      answers: { 200: { description: 'The template.', schema: templateDocumentSchema } },
      problems: ['not_found'],
      handle({ params }) {
        const installed = catalog.get(params.id ?? '');
        if (installed) return templateDocument(installed);
        throw new StoryfarmError('not_found', 'No template with this id is installed.', {
          hint: 'GET /v1/templates shows the installed templates.',
        });
      },
    }),
  ];
}

function head({ ref, template }: InstalledTemplate) {
  const { id, title, description, width, height, fps, duration } = template;
  return { id, version: ref.version, title, ...(description && { description }), width, height, fps, duration };
}

function summary(installed: InstalledTemplate, front: string): z.infer<typeof summarySchema> {
  return { ...head(installed), url: `${front}/v1/templates/${installed.template.id}` };
}

export function templateDocument(installed: InstalledTemplate): TemplateDocument {
  const { roles, bubbles, ladder, poster } = installed.template;
  return {
    ...head(installed),
    roles: roles.map((role) => ({
      id: role.id,
      label: role.label,
      characters: role.characters.map(({ id, label }) => ({ id, label })),
    })),
    bubbles,
    ladder: ladder.map(({ id, width, height, fps, maxBytes }) => ({
      id,
      width,
      height,
      ...(fps && { fps }),
      ...(maxBytes && { maxBytes }),
    })),
    poster: { time: poster.time },
  };
}
