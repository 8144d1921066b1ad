"use strict";

const { FRAME, frame, FrameReader } = require("../runtime-api/frames.cjs");

/**
 * next, done and error of aws-lambda-ric's native client, over the channel that the emulator gave to
 * the process: an answer and the call of next after it leave in one write, and no reply to the
 * answer is waited for.
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

  const reader = new FrameReader(received, { bodyBytesMax: Infinity });
  channel.on("data", (chunk) => reader.push(chunk));
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
    else call.resolve({ bodyJson: body.toString("utf8"), headers: JSON.parse(head) });
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
    channel.write(answer === undefined ? bytes : Buffer.concat([answer, bytes]));
  }

  function post(kind, { requestId, body }) {
    flush();
    pending = frame(kind, { head: decodeURIComponent(requestId), body });
    // aws-lambda-ric asks for the next event in the same run of microtasks, which comes before this.
    process.nextTick(flush);
  }

  function flush() {
    if (pending === undefined) return;
    channel.write(pending);
    pending = undefined;
  }

  return {
    next,
    done: (requestId, body) => post(FRAME.response, { requestId, body }),
    error: (requestId, body) => post(FRAME.error, { requestId, body }),
  };
};

function nextError(reason) {
  return new Error(`Failed to get next invocation, error ${reason}`);
}
