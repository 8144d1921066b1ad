const HEADER_BYTES = 16;
/** Of all that aws-lambda-ric writes, only the kind differs; ours is an empty frame of this kind. */
const MARK = 0x504c4d4b;

/** What a log channel brings. */
export interface LogFrameListener {
  /** One message, without the line feed at its end. */
  onMessage(text: string): void;
  /** The runtime marked its place: all that was logged before it has been read. */
  onMark(): void;
}

/**
 * Reads the frames that aws-lambda-ric writes to its log descriptor: kind (4 bytes), length of the
 * message (4), time (8), message; big-endian. A frame boundary is a message boundary, so a message
 * of several lines stays one.
 *
 * @see aws-lambda-ric 4.0.2, index.mjs, dist/logging/telemetry-logger.js
 */
export class LogFrames {
  readonly #listener: LogFrameListener;
  readonly #messageBytesMax: number;
  readonly #header = Buffer.alloc(HEADER_BYTES);
  #headerBytes = 0;
  #missingBytes = 0;
  #keptBytes = 0;
  #chunks: Buffer[] = [];

  /** @param messageBytesMax - What a message has beyond this is dropped. */
  constructor(listener: LogFrameListener, { messageBytesMax }: { messageBytesMax: number }) {
    this.#listener = listener;
    this.#messageBytesMax = messageBytesMax;
  }

  /** Takes the next bytes of the channel, cut anywhere. */
  push(bytes: Buffer): void {
    let offset = 0;
    while (offset < bytes.length) {
      offset +=
        this.#headerBytes < HEADER_BYTES
          ? this.#takeHeader(bytes, offset)
          : this.#takeMessage(bytes, offset);
    }
  }

  #takeHeader(bytes: Buffer, offset: number): number {
    const taken = bytes.copy(this.#header, this.#headerBytes, offset);
    this.#headerBytes += taken;
    if (this.#headerBytes === HEADER_BYTES) {
      this.#missingBytes = this.#header.readUInt32BE(4);
      if (this.#missingBytes === 0) this.#endFrame();
    }
    return taken;
  }

  #takeMessage(bytes: Buffer, offset: number): number {
    const taken = Math.min(this.#missingBytes, bytes.length - offset);
    const kept = Math.min(taken, this.#messageBytesMax - this.#keptBytes);
    if (kept > 0) this.#chunks.push(bytes.subarray(offset, offset + kept));
    this.#keptBytes += kept;
    this.#missingBytes -= taken;
    if (this.#missingBytes === 0) this.#endFrame();
    return taken;
  }

  #endFrame(): void {
    const kind = this.#header.readUInt32BE(0);
    const [first, ...rest] = this.#chunks;
    this.#headerBytes = 0;
    this.#keptBytes = 0;
    this.#chunks = [];
    if (kind === MARK) return this.#listener.onMark();
    const message =
      first === undefined || rest.length === 0 ? first : Buffer.concat([first, ...rest]);
    const text = message?.toString("utf8") ?? "";
    this.#listener.onMessage(text.endsWith("\n") ? text.slice(0, -1) : text);
  }
}
