/** What decoders are made with. */
export interface DecodersOptions {
  /** Module of the threads; see `answerJobs`. */
  readonly module: URL;
  readonly threads: number;
  /** Memory of each thread besides decoding, bytes. */
  readonly memory?: number;
  /** Time after which a small image counts as hanging, ms; larger images have more. */
  readonly patience?: number;
  /**
   * Keeps the process for a while after they are closed, for the next user of such a process; see
   * kept-process.ts.
   */
  readonly keep?: boolean;
}

/** A file to be decoded. */
export interface DecodingJob {
  readonly path: string;
  /** Approximate size, bytes. */
  readonly size: number;
  /** Content to decode in place of the file, which is then neither read nor hashed. */
  readonly bytes?: Uint8Array;
  /** Task for the threads. */
  readonly task: unknown;
  /**
   * Tells whether content of this hash is to be decoded; called once the file was read. Without it, the file is decoded
   * without a hash, by its path.
   */
  readonly wanted?: (hash: string) => boolean;
}

/** Result of a file: `hash` (SHA-256, hex) if it was hashed, `result` if it was decoded. */
export interface Decoded<Result> {
  readonly hash?: string;
  readonly result?: Result;
}

/** A job on its way through the decoders. */
export interface Job extends DecodingJob {
  readonly id: number;
  readonly resolve: (decoded: Decoded<never>) => void;
  readonly reject: (error: unknown) => void;
  hash?: string;
  /** Number of failures for reasons that may pass. */
  failures: number;
  /** Number of fresh processes that died while they had this image alone. */
  deaths: number;
}
