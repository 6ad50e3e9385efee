/** What is asked of a bucket. `s3.ts` asks it; what a failure means is told by `faults.ts`. */

export interface Listed {
  readonly key: string;
  /** Milliseconds since the epoch, on the server's clock. */
  readonly changedAt: number;
}

/** What a key stands for, as whoever fetches it is told. */
export interface About {
  readonly mediaType: string;
  /** The name under which a browser keeps it. */
  readonly name: string;
}

export interface PutOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called with the bytes that went out, again from the start when it is tried again. */
  readonly onBytes?: (bytes: number) => void;
}

/** `usual`: tried again until patience ends. `brief`: once, for a few seconds; for what somebody waits for, and what another makes up for. */
export type Effort = 'usual' | 'brief';

/** Every method rejects with `upload_failed` and a cause when the bucket refuses or does not answer, with `aborted` when the signal says so. */
export interface Objects {
  /** Without secrets, for messages. */
  readonly name: string;
  /** What all keys begin with; they are given and told with it. */
  readonly prefix: string;
  /** Begins to load what the others need. */
  open(): void;
  /** Stores a file whole, or not at all. The file must not change meanwhile. */
  put(key: string, file: string, about: About, options?: PutOptions): Promise<void>;
  /** Stores a few bytes, at once or not at all. */
  mark(key: string): Promise<void>;
  /** Makes one object of another of the bucket; rejects too when that is not there. */
  copy(from: string, to: string): Promise<void>;
  /** Deletes it; one that is not there is deleted. */
  remove(key: string, effort?: Effort): Promise<void>;
  /** All whose keys begin so, in the order of their keys, by small pages. */
  list(beginning: string, effort?: Effort): AsyncIterable<readonly Listed[]>;
  /** An address with which anybody may fetch it for so many seconds. */
  sign(key: string, seconds: number): Promise<string>;
}
