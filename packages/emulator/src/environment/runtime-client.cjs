"use strict";

/** File descriptors that the emulator gives to the process. */
const LOG_FD = 3;
const LIFELINE_FD = 4;

/*
 * Loaded with --require before aws-lambda-ric: takes the place of its native module, which exists
 * only where it was compiled. It has the same three functions over node:http.
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
 * next, done and error of aws-lambda-ric's native client.
 *
 * The native one blocks in done and error; here a single connection keeps the order, since a request
 * waits until the one before it has been answered.
 */
function runtimeClient(isLogOpen) {
  const fs = require("node:fs");
  const http = require("node:http");
  const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const invocation = "/2018-06-01/runtime/invocation/";
  const mark = isLogOpen ? logMark() : undefined;

  function next() {
    const headers = {};
    if (mark !== undefined) {
      fs.writeSync(LOG_FD, mark);
      headers["Pilotlight-Log-Mark"] = "1";
    }
    return new Promise((resolve, reject) => {
      const options = { host, port, agent, method: "GET", path: `${invocation}next`, headers };
      const request = http.request(options, (response) => {
        const chunks = [];
        response.on("data", (chunk) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          if (response.statusCode !== 200) return reject(nextError(response.statusCode));
          const body = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
          resolve({ bodyJson: body.toString("utf8"), headers: decoded(response.headers) });
        });
      });
      request.on("error", reject);
      request.end();
    });
  }

  function post(requestId, { kind, body }) {
    const headers = {
      "Content-Type": "application/json",
      "Content-Length": Buffer.byteLength(body),
    };
    const path = `${invocation}${requestId}/${kind}`;
    const options = { host, port, agent, method: "POST", path, headers };
    const request = http.request(options, (response) => response.resume());
    // The native client ignores what becomes of an answer as well: the next call of next finds out.
    request.on("error", () => {});
    request.end(body, "utf8");
  }

  return {
    next,
    done: (requestId, body) => post(requestId, { kind: "response", body }),
    // The third argument, the error's cause for tracing, is left out: nothing here reads traces.
    error: (requestId, body) => post(requestId, { kind: "error", body }),
  };
}

/**
 * An empty frame that stands in the log after all that the function has logged so far; see
 * log-frames.ts for its reader.
 */
function logMark() {
  const frame = Buffer.alloc(16);
  frame.writeUInt32BE(0x504c4d4b, 0);
  return frame;
}

/** Node reads header bytes as Latin-1; a client context is UTF-8. */
function decoded(headers) {
  const context = headers["lambda-runtime-client-context"];
  if (context !== undefined) {
    headers["lambda-runtime-client-context"] = Buffer.from(context, "latin1").toString("utf8");
  }
  return headers;
}

function nextError(statusCode) {
  return new Error(`Failed to get next invocation, error ${statusCode}`);
}
