"use strict";

const fs = require("node:fs");

const { FRAME, frame, FrameReader } = require("../runtime-api/frames.cjs");

const EXIT_HEADER = "pilotlight-exit";

/**
 * next, done and error of aws-lambda-ric's native client, over the channel that the emulator gave to
 * the process: an answer and the call of next after it leave in one write, and no reply to the
 * answer is waited for.
 *
 * Writes block, as those of the native client: when a turn is over, its answer is out of the process
 * whole, whatever ends the process then.
 *
 * @param options.fd - Descriptor of the channel.
 * @param options.markLog - Marks the log channel; `undefined` where there is none.
 */
exports.channelClient = function channelClient({ fd, markLog }) {
  const { Socket } = require("node:net");
  const channel = new Socket({ fd, readable: true, writable: true });
  const waiting = [];
  /** An answer that waits for its next. */
  let pending;
  let hasEnded = false;

  const reader = new FrameReader(received, {
    kinds: [FRAME.event, FRAME.refusal],
    bodyBytesMax: Infinity,
  });
  channel.on("data", (chunk) => {
    if (!reader.push(chunk)) channel.destroy();
  });
  // It ends with the emulator, which ends this process as well.
  channel.on("error", () => {});
  channel.on("close", ended);
  channel.unref();
  // A function may end its process before the turn in which it has answered is over.
  process.on("exit", flush);

  function received({ kind, head, body }) {
    const call = waiting.shift();
    // Only a call of next keeps the event loop alive: a function that waits for nothing exits.
    if (waiting.length === 0) channel.unref();
    if (call === undefined) return;
    if (kind === FRAME.refusal) call.reject(nextError(head));
    else call.resolve({ bodyJson: body.toString("utf8"), headers: headersOf(head) });
  }

  function ended() {
    hasEnded = true;
    for (const { reject } of waiting.splice(0)) reject(nextError("channel closed"));
  }

  function next() {
    if (hasEnded) return Promise.reject(nextError("channel closed"));
    if (markLog !== undefined) markLog();
    write(frame(FRAME.next, { head: markLog === undefined ? "" : "marked" }));
    channel.ref();
    return new Promise((resolve, reject) => waiting.push({ resolve, reject }));
  }

  function write(bytes) {
    const answer = pending;
    pending = undefined;
    writeWhole(fd, answer === undefined ? [bytes] : [answer, bytes]);
  }

  function post(kind, { requestId, body }) {
    flush();
    pending = frame(kind, { head: decodeURIComponent(requestId), body });
    // aws-lambda-ric asks for the next event in the same run of microtasks, which comes before this.
    process.nextTick(flush);
  }

  function flush() {
    const answer = pending;
    pending = undefined;
    if (answer !== undefined) writeWhole(fd, [answer]);
  }

  return {
    next,
    done: (requestId, body) => post(FRAME.response, { requestId, body }),
    error: (requestId, body) => post(FRAME.error, { requestId, body }),
  };
};

function headersOf(head) {
  const headers = JSON.parse(head);
  // A fault: the process ends as one does whose function ends it.
  if (headers[EXIT_HEADER] !== undefined) process.exit(Number(headers[EXIT_HEADER]));
  return headers;
}

/** Times that a full channel is tried again at once: the emulator is most often just reading. */
const TRIES_MAX = 50;
const PAUSE_MS = 1;
const PAUSE = new Int32Array(new SharedArrayBuffer(4));

/** Ends when all is written or nobody is there to read; the emulator's function timeout ends it as well. */
function writeWhole(fd, buffers) {
  let rest = buffers;
  for (let tries = 0; rest.length > 0; tries += 1) {
    if (tries > TRIES_MAX) Atomics.wait(PAUSE, 0, 0, PAUSE_MS);
    try {
      rest = after(rest, fs.writevSync(fd, rest));
      tries = 0;
    } catch (error) {
      // The end of the channel is told by its stream, to the next call of next.
      if (error.code !== "EAGAIN") return;
    }
  }
}

function after(buffers, bytes) {
  let gone = bytes;
  return buffers.flatMap((buffer) => {
    const from = Math.min(gone, buffer.length);
    gone -= from;
    return from === buffer.length ? [] : [buffer.subarray(from)];
  });
}

function nextError(reason) {
  return new Error(`Failed to get next invocation, error ${reason}`);
}
