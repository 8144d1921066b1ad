/** Kinds of frames: the runtime sends the first three, the emulator the others. */
export const FRAME: {
  /** Asks for the next event; a head says that the log channel has been marked. */
  readonly next: 1;
  /** Answers an event; the head is its request id, the body the payload. */
  readonly response: 2;
  /** The same with an error as its body. */
  readonly error: 3;
  /** An event; the head is a JSON object of headers, the body the payload. */
  readonly event: 4;
  /** The refusal of a next; the head is the HTTP status that other runtimes would get. */
  readonly refusal: 5;
};

/** A frame that has been read. */
export interface Frame {
  readonly kind: number;
  readonly head: string;
  /** `undefined` where it was larger than the reader keeps. */
  readonly body: Buffer | undefined;
}

/** The bytes of one frame; what is text goes out as UTF-8. */
export function frame(
  kind: number,
  content?: { readonly head?: string; readonly body?: string | Uint8Array },
): Buffer;

/**
 * Reads frames from a stream that is cut anywhere.
 *
 * The other end may be anybody's code: what it claims to send takes no more memory than a body and a
 * head of 64 KB.
 */
export class FrameReader {
  /**
   * @param limits.kinds - Those that the other end may send.
   * @param limits.bodyBytesMax - A larger body is read on and dropped.
   */
  constructor(
    onFrame: (frame: Frame) => void,
    limits: { readonly kinds: readonly number[]; readonly bodyBytesMax: number },
  );
  /** @returns Whether these are frames; after a wrong kind or head nothing more is read. */
  push(chunk: Buffer): boolean;
}
