/**
 * What a job is: one requested video and its rendering. These words are used everywhere with these meanings: in code, tables,
 * metrics, the command line, the API and the documents.
 */

import type { Failure } from './errors.js';
import type { Paths } from './paths.js';

/**
 * `queued` waits (a retry waits until `runAt`); `rendering` is leased by a server; `rendered` has its files published;
 * `delivered` has been told to the partner; `dead` is out of attempts or not retryable; `cancelled` was withdrawn.
 */
export const JOB_STATES = ['queued', 'rendering', 'rendered', 'delivered', 'dead', 'cancelled'] as const;
export type JobState = (typeof JOB_STATES)[number];

/** States in which nothing more will be rendered. */
export const FINISHED_STATES: readonly JobState[] = ['rendered', 'delivered', 'dead', 'cancelled'];
export const isFinished = (state: JobState): boolean => FINISHED_STATES.includes(state);

/** What the person typed, by bubble id. */
export type Words = Readonly<Record<string, string>>;
/** Who plays each role: character id by role id. */
export type Cast = Readonly<Record<string, string>>;

/** A template, pinned: `version` is its content hash (64 hex digits), so that a template replaced later changes no accepted job. */
export interface TemplateRef {
  readonly id: string;
  readonly version: string;
}

/** What is asked: complete, checked and sanitised. Stored apart from the narrow queue row. */
export interface JobRequest {
  readonly template: TemplateRef;
  readonly cast: Cast;
  readonly words: Words;
  /** The partner is content with the files of an earlier job that asked for the same. Left out: no. */
  readonly reuse?: boolean | undefined;
}

/** One finished file of a job. */
export interface Output {
  /** The rendition's id in the template's ladder, or `poster`. */
  readonly rendition: string;
  /** File name inside the job's folder: at most 20 ASCII characters. */
  readonly file: string;
  /** Where the files lie in a bucket, the object's key; left out, they lie in the folder of the job's server. */
  readonly key?: string | undefined;
  readonly bytes: number;
  readonly width: number;
  readonly height: number;
  /** Frames of the video; 1 for the poster. */
  readonly frames: number;
  /** Seconds; 0 for the poster. */
  readonly duration: number;
  readonly mediaType: 'video/mp4' | 'image/jpeg';
}

/** Milliseconds of wall time by stage of one attempt: `prepare`, `fill`, `draw`, `swap`, `encode`, `verify`, `publish`; those that were needed. */
export type Stages = Readonly<Record<string, number>>;

/** What a successful attempt leaves. */
export interface JobResult {
  readonly outputs: readonly Output[];
  readonly stages: Stages;
  /** How each rendition was made; left out in results of renderers that do not tell. */
  readonly paths?: Paths | undefined;
}

/** One line of a job's history. */
export interface HistoryEntry {
  /** Milliseconds since the epoch, on the database's clock. */
  readonly at: number;
  readonly event:
    | 'enqueued'
    | 'claimed'
    | 'released'
    | 'rescued'
    | 'retried'
    | 'rendered'
    | 'delivered'
    | 'dead'
    | 'cancelled'
    | 'reopened';
  readonly fence: number;
  readonly server: string | null;
  readonly failure: Failure | null;
}

/** A job as it stands. Times are milliseconds since the epoch on the database's clock. */
export interface Job {
  readonly id: string;
  readonly state: JobState;
  readonly request: JobRequest;
  readonly partner: string;
  /** Tags that a server must have to be given the job (tags.ts), in the order of the alphabet. */
  readonly requires: readonly string[];
  /** Higher first. 0 is usual. */
  readonly priority: number;
  /** Attempts that ended in failure; an interrupted one is not counted. */
  readonly attempt: number;
  /** How many renderers ended while they had this job. */
  readonly crashes: number;
  /** Grows with each claim. Nothing is written without the current one. */
  readonly fence: number;
  /** Fraction of the present attempt, 0 to 1. */
  readonly progress: number;
  /** The server that has, or made, the files. */
  readonly server: string | null;
  readonly createdAt: number;
  readonly runAt: number;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  readonly result: JobResult | null;
  readonly failure: Failure | null;
}
