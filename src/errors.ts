/**
 * The vocabulary of failure. Every kind of death and refusal has a code of its own, says whether trying again can help, and carries
 * a hint: what a person would do about it. Prose is composed at the edges (CLI, HTTP, log) from these fields; nothing parses prose.
 */

interface Fault {
  /** Whether the same job may succeed when tried again, unchanged. */
  readonly retryable: boolean;
  /** The remedy, for whoever reads the error. An error may give a more exact one. */
  readonly hint: string;
}

const KNOWN = {
  // Bad input: what was asked cannot be done, whoever asks again.
  invalid_request: { retryable: false, hint: 'Correct the fields that the pointers name.' },
  unknown_template: {
    retryable: false,
    hint: 'GET /v1/templates or `storyfarm templates list` shows the installed templates.',
  },
  unknown_job: { retryable: false, hint: 'Check the job id.' },
  unknown_bubble: { retryable: false, hint: 'Use the bubble ids of the template (`storyfarm templates show`).' },
  missing_words: { retryable: false, hint: 'Give words for every bubble that the template requires.' },
  unknown_role: { retryable: false, hint: 'Use the role ids of the template (`storyfarm templates show`).' },
  unknown_character: { retryable: false, hint: 'Use one of the characters that the template offers for this role.' },
  words_too_long: { retryable: false, hint: 'Shorten the words to the limit of the bubble.' },
  words_do_not_fit: {
    retryable: false,
    hint: 'Shorten the words: they do not fit the bubble even at its smallest size.',
  },
  missing_glyphs: { retryable: false, hint: 'Remove the characters that no installed font can draw.' },
  control_characters: {
    retryable: false,
    hint: 'Remove the characters that the message names, or all but a few of the marks or joined emoji of one character.',
  },
  callback_refused: {
    retryable: false,
    hint: 'Give an address at one of the origins that the operator has allowed for your callbacks.',
  },
  idempotency_conflict: { retryable: false, hint: 'Use a new Idempotency-Key for a different request.' },
  not_cancellable: { retryable: false, hint: 'Only queued and rendering jobs can be cancelled.' },
  not_rerenderable: {
    retryable: false,
    hint: 'Only rendered and delivered jobs whose words are not erased (keepWords) can be rendered again.',
  },
  template_invalid: { retryable: false, hint: 'Run `storyfarm templates validate` and mend what it names.' },
  config_invalid: {
    retryable: false,
    hint: 'Run `storyfarm config` to see every option, its value and where it came from.',
  },
  // Rendering.
  ffmpeg_missing: { retryable: false, hint: 'Install ffmpeg, or set ffmpegPath (STORYFARM_FFMPEG_PATH).' },
  ffmpeg_too_old: {
    retryable: false,
    hint: 'Install ffmpeg 4.4 or newer (apt-get install ffmpeg), or set ffmpegPath (STORYFARM_FFMPEG_PATH).',
  },
  ffmpeg_failed: { retryable: true, hint: 'Read the end of the ffmpeg output in the cause.' },
  ffmpeg_killed: {
    retryable: true,
    hint: 'Somebody else ended ffmpeg by SIGKILL; find out who. While others are hit, too, the attempt is not counted.',
  },
  ffmpeg_stalled: {
    retryable: true,
    hint: 'ffmpeg made no progress within the stall budget; look at the load of the machine.',
  },
  not_spliceable: {
    retryable: false,
    hint: 'Words cannot be put into this stream; the re-encode path is taken instead.',
  },
  output_incomplete: { retryable: true, hint: 'The encoder left a file that is not whole; it was not published.' },
  too_large: { retryable: false, hint: 'Raise maxBytes of the rendition, or lower its size.' },
  font_missing: {
    retryable: false,
    hint: 'Run `npm run fonts` or restore the fonts folder; `storyfarm doctor` checks it.',
  },
  no_space: { retryable: true, hint: 'Free disk space; the farm goes on by itself.' },
  storage_failed: {
    retryable: true,
    hint: 'Make jobs/ in the data folder writable, or mount its disk; the farm goes on by itself.',
  },
  bucket_failed: {
    retryable: true,
    hint: 'Run `storyfarm doctor`: it tells what the bucket says (docs/storage.md); the farm goes on by itself.',
  },
  upload_failed: {
    retryable: true,
    hint: 'The bucket took other files and not this one; look at what its server says (docs/storage.md).',
  },
  aborted: { retryable: true, hint: 'The attempt was stopped from outside; it is tried again and not counted.' },
  // Deaths of a renderer, as the supervisor sees them.
  renderer_crashed: { retryable: true, hint: 'The renderer was ended by a signal; the log has its last words.' },
  renderer_exited: { retryable: true, hint: 'The renderer ended by itself; the log has its last words.' },
  out_of_memory: {
    retryable: true,
    hint: 'The kernel ended a process of the farm for want of memory; fewer jobs are rendered at once for a while. Lower slots or maxMemory, or add memory.',
  },
  renderer_silent: { retryable: true, hint: 'The renderer sent no heartbeat and was killed.' },
  renderer_stopped: {
    retryable: true,
    hint: 'Something stopped the renderer (SIGSTOP, a debugger, a frozen control group); it was killed.',
  },
  renderer_blocked: {
    retryable: true,
    hint: "The renderer's event loop was busy without end and it was killed; look at the job's words and template.",
  },
  renderer_hung: {
    retryable: true,
    hint: 'The renderer waited, for a disk or in native code, and was killed; look at the disk of the data folder.',
  },
  renderer_stalled: {
    retryable: true,
    hint: 'The job made no progress within the stall budget; the renderer was killed.',
  },
  renderer_memory: {
    retryable: true,
    hint: 'The renderer passed the hard memory limit mid-job and was killed; see maxMemoryHard.',
  },
  renderer_nonsense: {
    retryable: true,
    hint: 'The renderer sent what is no message; supervisor and renderer may be of different builds. Restart the farm.',
  },
  boot_failed: { retryable: true, hint: 'The renderer could not start; run `storyfarm doctor`.' },
  poison: {
    retryable: false,
    hint: 'The job ended several renderers; it was set aside. See what they died of (`storyfarm history JOB`) before sending it again.',
  },
  // Store.
  fenced: { retryable: false, hint: 'The lease was lost; another attempt owns the job now. Nothing was written.' },
  store_busy: { retryable: true, hint: 'The store is locked or away; try again shortly.' },
  outcome_unknown: {
    retryable: true,
    hint: 'Whether it was done is not known. Try again shortly; a request for a job with the same Idempotency-Key, so that it is not recorded twice.',
  },
  store_corrupt: { retryable: false, hint: 'Restore the store from a backup (docs/operations.md).' },
  store_too_new: {
    retryable: false,
    hint: 'The store was written by a newer Storyfarm; install that version or newer.',
  },
  store_too_old: {
    retryable: false,
    hint: 'Run `storyfarm migrate` with a login that may make tables, when no older Storyfarm uses the store any more.',
  },
  // Service.
  unauthorized: { retryable: false, hint: 'Send `Authorization: Bearer KEY` with the key that the operator gave you.' },
  not_found: { retryable: false, hint: 'Check the address.' },
  method_not_allowed: { retryable: false, hint: 'Use one of the methods in the Allow header.' },
  precondition_failed: {
    retryable: false,
    hint: 'The file is not the one that If-Match or If-Unmodified-Since names; fetch it anew.',
  },
  range_not_satisfiable: { retryable: false, hint: 'Ask for a range within the length that Content-Range gives.' },
  unsupported_media_type: { retryable: false, hint: 'Send Content-Type: application/json.' },
  body_too_large: { retryable: false, hint: 'Send a smaller body.' },
  already_running: {
    retryable: false,
    hint: 'Another Storyfarm uses this data folder; stop it or choose another data folder (dataFolder).',
  },
  not_running: {
    retryable: false,
    hint: 'Start one (`storyfarm up`, `storyfarm farm` or pm2), or name its data folder with --data-folder.',
  },
  port_in_use: {
    retryable: false,
    hint: 'Choose another port, or stop the program that listens there; perhaps it is a Storyfarm (`storyfarm status`).',
  },
  unavailable: { retryable: true, hint: 'Try again after the time given.' },
  internal: { retryable: true, hint: 'This is a defect; the log has the cause under the same request id.' },
} as const satisfies Record<string, Fault>;

export type ErrorCode = keyof typeof KNOWN;

/** One refused place in an input: where (RFC 6901 pointer), what (code) and why. */
export interface Complaint {
  readonly pointer: string;
  readonly code: ErrorCode;
  readonly detail: string;
}

export interface ErrorFields {
  readonly hint?: string;
  readonly cause?: unknown;
  /** Where the input is wrong, every place at once. */
  readonly complaints?: readonly Complaint[];
  /** A file the error is about. */
  readonly file?: string;
}

/** The one error class of Storyfarm. `toJSON` gives the fields that may cross a process border. */
export class StoryfarmError extends Error {
  override readonly name = 'StoryfarmError';
  readonly code: ErrorCode;
  readonly hint: string;
  readonly retryable: boolean;
  readonly complaints: readonly Complaint[];
  readonly file: string | undefined;

  constructor(code: ErrorCode, message: string, fields: ErrorFields = {}) {
    super(message, fields.cause === undefined ? undefined : { cause: fields.cause });
    this.code = code;
    this.hint = fields.hint ?? KNOWN[code].hint;
    this.retryable = KNOWN[code].retryable;
    this.complaints = fields.complaints ?? [];
    this.file = fields.file;
  }

  toJSON(): Failure {
    return { code: this.code, message: this.message, hint: this.hint, retryable: this.retryable };
  }
}

/** A failure as data: what crosses IPC, and what a job's history keeps. */
export interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
  readonly retryable: boolean;
}

export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(KNOWN, value);
}

/** A failure with the code's usual hint. */
export function failure(code: ErrorCode, message: string): Failure {
  return new StoryfarmError(code, message).toJSON();
}

/** Whatever was thrown, as a StoryfarmError; an unknown kind becomes `internal` with the thrown thing as its cause. */
export function asStoryfarmError(thrown: unknown): StoryfarmError {
  if (thrown instanceof StoryfarmError) return thrown;
  const code = (thrown as { code?: unknown } | null)?.code;
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new StoryfarmError('no_space', 'The disk is full.', { cause: thrown });
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new StoryfarmError('internal', message, { cause: thrown });
}
