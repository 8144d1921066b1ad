"use strict";

/*
 * The frames of the channel between the emulator and its own runtime client; frames.d.cts says what
 * is exported. CommonJS, because the runtime's process loads it before anything else and must not
 * spend its cold start on stripping types.
 *
 * A frame is its kind (1 byte), the length of its head and of its body (4 bytes each, big-endian),
 * head and body.
 */
const PREFIX_BYTES = 9;
const HEAD_LENGTH_AT = 1;
const BODY_LENGTH_AT = 5;

/** Far above the largest head, which has headers that came in an HTTP request. */
const HEAD_BYTES_MAX = 65_536;

const EMPTY = Buffer.alloc(0);

exports.FRAME = { next: 1, response: 2, error: 3, event: 4, refusal: 5 };

exports.frame = function frame(kind, { head = "", body = EMPTY } = {}) {
  const headBytes = Buffer.byteLength(head);
  const bodyBytes = Buffer.byteLength(body);
  const bytes = Buffer.allocUnsafe(PREFIX_BYTES + headBytes + bodyBytes);
  bytes[0] = kind;
  bytes.writeUInt32BE(headBytes, HEAD_LENGTH_AT);
  bytes.writeUInt32BE(bodyBytes, BODY_LENGTH_AT);
  bytes.write(head, PREFIX_BYTES, "utf8");
  const bodyAt = PREFIX_BYTES + headBytes;
  if (typeof body === "string") bytes.write(body, bodyAt, "utf8");
  else bytes.set(body, bodyAt);
  return bytes;
};

exports.FrameReader = class FrameReader {
  #onFrame;
  #kinds;
  #bodyBytesMax;
  /** What has come of a prefix that is not whole. */
  #prefix = EMPTY;
  /** The frame whose content is not whole: its place in `bytes` says how much has come. */
  #open;
  #isBroken = false;

  constructor(onFrame, { kinds, bodyBytesMax }) {
    this.#onFrame = onFrame;
    this.#kinds = kinds;
    this.#bodyBytesMax = bodyBytesMax;
  }

  push(chunk) {
    if (this.#isBroken) return false;
    let offset = this.#open === undefined ? 0 : this.#continue(chunk);
    while (offset < chunk.length) offset = this.#begin(chunk, offset);
    return !this.#isBroken;
  }

  #begin(chunk, offset) {
    if (this.#prefix.length > 0 || chunk.length - offset < PREFIX_BYTES) {
      return this.#gatherPrefix(chunk, offset);
    }
    return this.#content(readPrefix(chunk, offset), { chunk, offset: offset + PREFIX_BYTES });
  }

  #gatherPrefix(chunk, offset) {
    const end = Math.min(chunk.length, offset + PREFIX_BYTES - this.#prefix.length);
    this.#prefix = Buffer.concat([this.#prefix, chunk.subarray(offset, end)]);
    if (this.#prefix.length < PREFIX_BYTES) return end;
    const prefix = readPrefix(this.#prefix, 0);
    this.#prefix = EMPTY;
    return this.#content(prefix, { chunk, offset: end });
  }

  /** A content that is whole in its chunk is not copied. */
  #content(prefix, { chunk, offset }) {
    if (prefix.headBytes > HEAD_BYTES_MAX || !this.#kinds.includes(prefix.kind)) {
      this.#isBroken = true;
      return chunk.length;
    }
    const end = offset + prefix.headBytes + prefix.bodyBytes;
    if (end <= chunk.length) {
      this.#emit(prefix, chunk.subarray(offset, end));
      return end;
    }
    const isKept = prefix.bodyBytes <= this.#bodyBytesMax;
    const keptBytes = prefix.headBytes + (isKept ? prefix.bodyBytes : 0);
    this.#open = {
      prefix,
      bytes: Buffer.allocUnsafe(keptBytes),
      place: 0,
      missingBytes: prefix.headBytes + prefix.bodyBytes,
    };
    return offset + this.#continue(chunk.subarray(offset));
  }

  #continue(chunk) {
    const open = this.#open;
    const taken = Math.min(open.missingBytes, chunk.length);
    // What is beyond the kept bytes finds no room and is dropped.
    open.place += chunk.copy(open.bytes, open.place, 0, taken);
    open.missingBytes -= taken;
    if (open.missingBytes === 0) {
      this.#open = undefined;
      this.#emit(open.prefix, open.bytes);
    }
    return taken;
  }

  #emit({ kind, headBytes, bodyBytes }, content) {
    this.#onFrame({
      kind,
      head: content.toString("utf8", 0, headBytes),
      body: bodyBytes > this.#bodyBytesMax ? undefined : content.subarray(headBytes),
    });
  }
};

function readPrefix(bytes, offset) {
  return {
    kind: bytes[offset],
    headBytes: bytes.readUInt32BE(offset + HEAD_LENGTH_AT),
    bodyBytes: bytes.readUInt32BE(offset + BODY_LENGTH_AT),
  };
}
