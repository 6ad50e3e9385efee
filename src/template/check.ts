/**
 * Judges a template's description: everything that can be said without looking at its files.
 *
 * Problem: operators write template.json by hand, and a mistake found while rendering is found too late. The schema (format.ts) says what each
 * field may be; the rules below say what fields must be to each other. All that is wrong is named at once, each with a pointer into the file and
 * what to do about it.
 */

import type { z } from 'zod';
import type { Complaint } from '../errors.js';
import { boundsOf, windowOf } from '../scene/scene.js';
import { type Bubble, type Template, templateSchema } from './format.js';
import { fpsOf } from './fps.js';
import { beyondLevel } from './levels.js';
import { pointer } from './pointer.js';
import { checkWords, type Judges } from './request.js';

/**
 * The template, when its description has the right form, and every complaint (all `template_invalid`); it may be used only when there are none.
 * With fonts (and a measure) the sample words must also be drawable (and fit).
 */
export function checkTemplate(
  raw: unknown,
  judges: Judges = {},
): { template: Template | undefined; complaints: Complaint[] } {
  const parsed = templateSchema.safeParse(raw);
  if (!parsed.success)
    return { template: undefined, complaints: parsed.error.issues.flatMap((issue) => complaintsOf(issue)) };
  const template = parsed.data;
  const complaints = [
    ...rateRules(template),
    ...roleRules(template),
    ...bubbleRules(template, judges),
    ...ladderRules(template),
    ...momentRules(template),
  ];
  return { template, complaints };
}

type Path = readonly (string | number | symbol)[];
type Issue = z.core.$ZodIssue;

function wrong(path: Path, detail: string): Complaint {
  return { pointer: pointer(...path), code: 'template_invalid', detail };
}

function complaintsOf(issue: Issue, above: Path = []): Complaint[] {
  const path = [...above, ...issue.path];
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => wrong([...path, key], 'There is no such field.'));
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    // Of the forms that a field may have, the author meant the one that is least wrong.
    const nearest = issue.errors.reduce((best, issues) => (issues.length < best.length ? issues : best));
    return nearest.flatMap((inner) => complaintsOf(inner, path));
  }
  if (issue.code === 'invalid_key') return [wrong(path, issue.issues[0]?.message ?? issue.message)];
  const missing = issue.code === 'invalid_type' && issue.message.endsWith('received undefined');
  return [wrong(path, missing ? `This field is missing: ${issue.expected} expected.` : issue.message)];
}

function repeated(ids: readonly string[], pathOf: (index: number) => Path): Complaint[] {
  return ids.flatMap((id, i) =>
    ids.indexOf(id) < i ? [wrong(pathOf(i), `"${id}" is already taken. Ids are unique.`)] : [],
  );
}

const isSane = (fps: number) => fps >= 1 && fps <= 120;

function* rateRules({ fps, duration }: Template): Iterable<Complaint> {
  const { value } = fpsOf(fps);
  if (!isSane(value)) {
    yield wrong(['fps'], 'The frame rate must be between 1 and 120.');
    return;
  }
  const frames = duration * value;
  if (Math.abs(frames - Math.round(frames)) > 1e-3) {
    const nearest = Number((Math.max(1, Math.round(frames)) / value).toFixed(6));
    yield wrong(
      ['duration'],
      `The duration must be a whole number of frames: ${nearest} seconds are ${Math.max(1, Math.round(frames))} frames.`,
    );
  }
}

function* roleRules({ roles, footage }: Template): Iterable<Complaint> {
  yield* repeated(
    roles.map(({ id }) => id),
    (i) => ['roles', i, 'id'],
  );
  const placed = footage.flatMap((entry) => ('role' in entry ? [entry.role] : []));
  for (const [i, { id, characters }] of roles.entries()) {
    yield* repeated(
      characters.map((character) => character.id),
      (j) => ['roles', i, 'characters', j, 'id'],
    );
    if (characters.some(({ layer }) => layer) && !placed.includes(id)) {
      yield wrong(
        ['roles', i],
        `The layers of "${id}" are never shown. Add { "role": "${id}" } to the footage, where it belongs in the order.`,
      );
    }
  }
  for (const [i, entry] of footage.entries()) {
    if ('role' in entry && !roles.some(({ id }) => id === entry.role))
      yield wrong(['footage', i, 'role'], `There is no role "${entry.role}".`);
  }
}

function* bubbleRules(template: Template, judges: Judges): Iterable<Complaint> {
  yield* repeated(
    template.bubbles.map(({ id }) => id),
    (i) => ['bubbles', i, 'id'],
  );
  for (const [i, bubble] of template.bubbles.entries()) {
    const at: Path = ['bubbles', i];
    if (bubble.role !== undefined && !template.roles.some(({ id }) => id === bubble.role)) {
      yield wrong([...at, 'role'], `There is no role "${bubble.role}".`);
    }
    yield* windowRules(bubble, at, template);
    yield* shapeRules(bubble, at, template);
    for (const [locale, sample] of Object.entries(bubble.sample)) {
      const place = [...at, 'sample', locale];
      for (const { detail } of checkWords(bubble, sample, '', judges).complaints)
        yield wrong(place, `The sample words are refused: ${detail}`);
    }
  }
}

function* windowRules({ start, end }: Bubble, at: Path, { duration, fps }: Template): Iterable<Complaint> {
  if (end > duration)
    yield wrong([...at, 'end'], `The words would stay after the end of the template at ${duration} seconds.`);
  if (end <= start) yield wrong([...at, 'end'], `The words must be gone after they appear at ${start} seconds.`);
  const { value } = fpsOf(fps);
  const { from, to } = windowOf({ start, end }, value);
  if (end > start && isSane(value) && to <= from) yield wrong([...at, 'end'], 'No frame lies between start and end.');
}

function* shapeRules({ shape, style }: Bubble, at: Path, { width, height }: Template): Iterable<Complaint> {
  const { min, max } = style.size;
  if (min > max)
    yield wrong([...at, 'style', 'size', 'min'], `The smallest size must not be above the largest, ${max}.`);
  const box = boundsOf(shape);
  const inside = box.x >= 0 && box.y >= 0 && box.x + box.width <= width && box.y + box.height <= height;
  if (!inside) yield wrong([...at, 'shape'], `The bubble must lie inside the picture, 0,0 to ${width},${height}.`);
  if (box.width <= 2 * style.padding || box.height <= 2 * style.padding + min) {
    yield wrong(
      [...at, 'shape'],
      `The bubble has no room for letters of size ${min} beside its padding of ${style.padding}.`,
    );
  }
}

function* ladderRules(template: Template): Iterable<Complaint> {
  const { ladder } = template;
  yield* repeated(
    ladder.map(({ id }) => id),
    (i) => ['ladder', i, 'id'],
  );
  const own = fpsOf(template).value;
  for (const [i, { id, fps, width, height, level }] of ladder.entries()) {
    if (id === 'poster') yield wrong(['ladder', i, 'id'], 'The name "poster" belongs to the preview picture.');
    const value = fps === undefined ? own : fpsOf(fps).value;
    if (!isSane(value)) {
      if (fps !== undefined) yield wrong(['ladder', i, 'fps'], 'The frame rate must be between 1 and 120.');
      continue;
    }
    if (value > own)
      yield wrong(['ladder', i, 'fps'], `A rendition has at most the template's ${template.fps} frames a second.`);
    const beyond = beyondLevel(level, width, height, value);
    if (beyond !== undefined) yield wrong(['ladder', i, 'level'], beyond);
  }
}

function* momentRules({ poster, music, duration }: Template): Iterable<Complaint> {
  if (poster.time >= duration)
    yield wrong(['poster', 'time'], `The poster must be taken before the end at ${duration} seconds.`);
  if (music && music.fadeIn + music.fadeOut > duration) {
    yield wrong(['music', 'fadeOut'], `Both fades together must not be longer than the template, ${duration} seconds.`);
  }
}
