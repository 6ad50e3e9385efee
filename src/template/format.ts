/**
 * The template format, version 1. A template is a folder: `template.json`, described here, and the assets that it names.
 *
 * Problem: operators write this file by hand, partners read parts of it over HTTP, editors draw from it in browsers. One definition has to
 * serve all: the schemas below validate, give the TypeScript types, and are published as JSON Schema (schema/template.schema.json).
 *
 * What it does not do: look at files (template/check.ts says what can be judged from the description alone; the assets are probed by
 * media/assets.ts), and it holds no code: a template is data.
 *
 * Units: lengths are design units (pixels of the design size), times are seconds, colours are #rgb, #rrggbb or #rrggbbaa.
 */

import * as z from 'zod';
import { MOST_REQUIRED, TAG } from '../tags.js';

const id = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,31}$/, 'Lower-case letters, digits and hyphens, at most 32, starting with a letter.');

/** A path inside the template's folder: relative, forward slashes, never upwards. */
const asset = z
  .string()
  .max(200)
  .regex(/^(?!\/)(?!.*(^|\/)\.\.(\/|$))[A-Za-z0-9._/-]+$/, 'A relative path inside the template folder.')
  .describe('Path of a file inside the template folder.');

const colour = z
  .string()
  .regex(/^#([0-9a-fA-F]{3}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})$/, 'A colour as #rgb, #rrggbb or #rrggbbaa.');

/** Text per locale (BCP 47 language tag). `en` must be there; the reader's language falls back to it. */
const localised = (longest: number) =>
  z
    .record(
      z.string().regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, 'A language tag such as en or ko.'),
      z.string().min(1).max(longest),
    )
    .refine((texts) => 'en' in texts, 'Give at least the text for "en".')
    .meta({ required: ['en'] });

const rate = z.string().regex(/^\d{1,3}(\.\d{1,3})?$|^\d{1,6}\/\d{1,5}$/, 'A frame rate such as "24" or "30000/1001".');

const point = z.tuple([z.number(), z.number()]);
const frame = { x: z.number(), y: z.number(), width: z.number().positive(), height: z.number().positive() };

/** Where words may stand. Text is laid out within and clipped to the shape. */
export const shapeSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('box'),
    ...frame,
    radius: z.number().min(0).default(0).describe('Corner radius in design units.'),
  }),
  z.strictObject({ kind: z.literal('ellipse'), ...frame }),
  z.strictObject({
    kind: z.literal('polygon'),
    points: z.array(point).min(3).max(64).describe('Corners in order, design units.'),
  }),
]);

export const FONTS = ['sans', 'hand'] as const;

export const styleSchema = z.strictObject({
  font: z
    .enum(FONTS)
    .default('sans')
    .describe('Font stack: `sans` (Pretendard Bold) or `hand` (Nanum Pen Script); other scripts and emoji follow.'),
  size: z
    .strictObject({ min: z.int().min(6).max(400), max: z.int().min(6).max(400) })
    .describe(
      'Smallest and largest font size in design units; the largest that fits is taken, or one hardly smaller with better lines.',
    ),
  colour: colour.default('#222222'),
  stroke: z
    .strictObject({ colour, width: z.number().positive().max(40) })
    .optional()
    .describe('Outline behind the fill, centred on the edge of the letters: half of its width shows. Design units.'),
  shadow: z
    .strictObject({ colour, dx: z.number(), dy: z.number(), blur: z.number().min(0).max(60) })
    .optional()
    .describe('Shadow offset and blur in design units.'),
  align: z.enum(['left', 'center', 'right']).default('center'),
  valign: z.enum(['top', 'middle', 'bottom']).default('middle'),
  lineHeight: z
    .number()
    .min(0.8)
    .max(3)
    .default(1.25)
    .describe('Distance of baselines as a multiple of the font size.'),
  padding: z
    .number()
    .min(0)
    .default(0)
    .describe('Space kept free between the words and the edge of the shape, design units.'),
});

export const bubbleSchema = z.strictObject({
  id,
  label: localised(80),
  role: id.optional().describe('The role that speaks, for editors.'),
  start: z
    .number()
    .min(0)
    .describe('Seconds from the start at which the words appear. First frame: ceil(start x fps).'),
  end: z.number().positive().describe('Seconds at which they are gone. Last frame: ceil(end x fps) - 1.'),
  shape: shapeSchema,
  style: styleSchema,
  limits: z
    .strictObject({
      maxLength: z.int().min(1).max(500).default(80).describe('Most characters (grapheme clusters) a person may type.'),
      maxLines: z.int().min(1).max(20).default(4),
      required: z.boolean().default(false).describe('Refuse a job without words for this bubble.'),
    })
    .prefault({}),
  sample: localised(500).describe('Words that show the bubble at its best, per locale.'),
});

/** Largest side of a layer in design units: twice the largest design. Beyond it a frame alone would fill the memory. */
const LARGEST = 7680;

/**
 * One moving layer. `matte: "below"` means that the file is twice as high as the layer and its lower half is the matte (white shows, black
 * hides): H.264 has no transparency of its own. Width and height default to the design size.
 */
export const layerSchema = z.strictObject({
  file: asset,
  matte: z.enum(['none', 'below']).default('none'),
  x: z.number().min(-LARGEST).max(LARGEST).default(0),
  y: z.number().min(-LARGEST).max(LARGEST).default(0),
  width: z.number().positive().max(LARGEST).optional(),
  height: z.number().positive().max(LARGEST).optional(),
});

/** A footage entry is a layer of its own, or the place of the layer of whoever plays a role. Drawn in order, the first at the bottom. */
export const footageSchema = z.union([layerSchema, z.strictObject({ role: id })]);

export const characterSchema = z.strictObject({
  id,
  label: localised(40),
  layer: layerSchema
    .optional()
    .describe('Footage of this character; without it the character changes nothing in the picture.'),
});

export const roleSchema = z.strictObject({
  id,
  label: localised(40),
  characters: z.array(characterSchema).min(1).max(20),
});

export const audioSchema = z.strictObject({
  bitrate: z.int().min(16).max(320).default(96).describe('AAC-LC bit rate in kb/s.'),
  channels: z.int().min(1).max(2).default(2),
  sampleRate: z
    .union([z.literal(16000), z.literal(22050), z.literal(32000), z.literal(44100), z.literal(48000)])
    .default(48000),
});

export const renditionSchema = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z0-9-]{1,16}$/, 'Lower-case letters, digits and hyphens, at most 16.')
    .describe('Also the file name: <id>.mp4.'),
  width: z.int().min(16).max(3840).multipleOf(2),
  height: z.int().min(16).max(3840).multipleOf(2),
  fps: rate.optional().describe('Frame rate when lower than the template\'s, such as "15".'),
  profile: z.enum(['baseline', 'main', 'high']).default('high'),
  level: z
    .string()
    .regex(/^(1b|[1-5](\.[0-3])?)$/, 'An H.264 level such as 3.1.')
    .default('4.0'),
  audio: audioSchema.prefault({}),
  maxBytes: z
    .int()
    .min(10_000)
    .optional()
    .describe('Hard cap of the file in bytes; a larger result is encoded again at lower quality or refused.'),
});

export const templateSchema = z
  .strictObject({
    $schema: z.string().optional(),
    format: z.literal(1),
    id,
    title: localised(80),
    description: localised(300).optional(),
    tags: z
      .array(z.string().regex(TAG, 'Lower-case letters, digits and hyphens, at most 20.'))
      .max(MOST_REQUIRED)
      .optional()
      .describe('What a server must have to render it: the tags of its configuration. No part of the version.'),
    width: z.int().min(16).max(3840).multipleOf(2).describe('Design width; all lengths are in these units.'),
    height: z.int().min(16).max(3840).multipleOf(2),
    fps: rate.describe('Frames per second, such as "24", "29.97" (30000/1001) or "30000/1001".'),
    duration: z.number().positive().max(120).describe('Seconds.'),
    footage: z.array(footageSchema).min(1).max(16),
    roles: z.array(roleSchema).max(8).default([]),
    bubbles: z.array(bubbleSchema).min(1).max(24),
    music: z
      .strictObject({
        file: asset,
        gain: z.number().min(-60).max(20).default(0).describe('Decibels.'),
        fadeIn: z.number().min(0).default(0).describe('Seconds.'),
        fadeOut: z.number().min(0).default(0).describe('Seconds before the end.'),
      })
      .optional(),
    ladder: z.array(renditionSchema).min(1).max(8),
    poster: z
      .strictObject({
        time: z.number().min(0).describe('Seconds; the frame that is shown as the preview picture, with its words.'),
        width: z
          .int()
          .min(16)
          .max(1500)
          .multipleOf(2)
          .optional()
          .describe("Pixels; default: the first rendition's width, at most 1500."),
        maxBytes: z.int().min(5_000).default(300_000).describe('Hard cap of the JPEG in bytes.'),
      })
      .prefault({ time: 0 }),
  })
  .meta({
    title: 'Storyfarm template',
    description: 'Animated footage with empty speech bubbles, characters and music.',
  });

/** The format as JSON Schema (draft 2020-12): what a person may write, with defaults left out. What fields must be to each other is in check.ts. */
export function templateJsonSchema(): object {
  return z.toJSONSchema(templateSchema, { io: 'input' });
}

export type Template = z.infer<typeof templateSchema>;
export type Bubble = z.infer<typeof bubbleSchema>;
export type BubbleShape = z.infer<typeof shapeSchema>;
export type BubbleStyle = z.infer<typeof styleSchema>;
export type Role = z.infer<typeof roleSchema>;
export type Character = z.infer<typeof characterSchema>;
export type Layer = z.infer<typeof layerSchema>;
export type Rendition = z.infer<typeof renditionSchema>;
export type LocalisedText = Readonly<Record<string, string>>;

/** The text for a language tag: exact, then its primary language, then English. */
export function inLocale(texts: LocalisedText, locale: string): string {
  return texts[locale] ?? texts[locale.split('-')[0] ?? 'en'] ?? texts.en ?? '';
}
