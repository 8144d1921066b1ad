"use strict";

/** File descriptors that the emulator gives to the process. */
const LOG_FD = 3;
const LIFELINE_FD = 4;
const CHANNEL_FD = 5;

/**
 * An empty frame that stands in the log after all that the function has logged so far; see
 * log-frames.ts for its reader.
 */
const LOG_MARK = Buffer.from("504c4d4b".padEnd(32, "0"), "hex");

/*
 * Loaded with --require before aws-lambda-ric: takes the place of its native module, which exists
 * only where it was compiled. It has the same three functions over the emulator's channel or node:http.
 *
 * This variable is there only in the process that the emulator started: aws-lambda-ric deletes it
 * before any code of the function runs, and this file must do nothing in worker threads and forks,
 * which inherit --require.
 */
if (process.env._LAMBDA_TELEMETRY_LOG_FD !== undefined) install();

function install() {
  const fs = require("node:fs");
  const isLogOpen = isOpen(fs, LOG_FD);
  // Without the descriptor aws-lambda-ric is to log to its standard output.
  if (!isLogOpen) delete process.env._LAMBDA_TELEMETRY_LOG_FD;
  if (isOpen(fs, LIFELINE_FD)) dieWithEmulator();
  const Module = require("node:module");
  const load = Module._load;
  Module._load = function (request, ...rest) {
    if (request !== "./rapid-client.node") return load.call(this, request, ...rest);
    Module._load = load;
    return runtimeClient(isLogOpen);
  };
}

/**
 * The emulator holds the other end of this descriptor and never writes to it, so its end is the end
 * of the emulator, by whatever signal. It must not keep the event loop alive: a function that waits
 * for nothing exits.
 */
function dieWithEmulator() {
  const { Socket } = require("node:net");
  const lifeline = new Socket({ fd: LIFELINE_FD, readable: true, writable: false });
  // Signal 9 to process 0 reaches the whole process group: what the function started ends with it.
  const die = () => process.kill(0, "SIGKILL");
  lifeline.on("error", die);
  lifeline.on("close", die);
  lifeline.resume();
  lifeline.unref();
}

/**
 * A wrapper script may have started this process without its descriptors; Node then has the number
 * for its own event loop. The emulator's end of a pipe to a child is a socket, which that never is.
 */
function isOpen(fs, fd) {
  try {
    return fs.fstatSync(fd).isSocket();
  } catch (error) {
    if (error.code === "EBADF") return false;
    throw error;
  }
}

/**
 * A wrapper may have changed the address of the Runtime API to put itself in between, and everything
 * then goes that way.
 */
function runtimeClient(isLogOpen) {
  const fs = require("node:fs");
  const { AWS_LAMBDA_EXEC_WRAPPER: wrapper, AWS_LAMBDA_RUNTIME_API: runtimeApi } = process.env;
  const markLog = isLogOpen ? () => fs.writeSync(LOG_FD, LOG_MARK) : undefined;
  if (!wrapper && isOpen(fs, CHANNEL_FD)) {
    const { channelClient } = require("./runtime-client-channel.cjs");
    return takingText(channelClient({ fd: CHANNEL_FD, markLog }));
  }
  const { httpClient } = require("./runtime-client-http.cjs");
  return takingText(httpClient({ runtimeApi, markLog }));
}

/** The native client refuses what is no text: a result for which JSON has nothing, such as a function. */
function takingText(client) {
  return {
    ...client,
    done: (requestId, body) => {
      if (typeof body !== "string") throw new TypeError("Wrong arguments");
      client.done(requestId, body);
    },
  };
}
