"use strict";

/**
 * next, done and error of aws-lambda-ric's native client, over node:http.
 *
 * The native one blocks in done and error; here a single connection keeps the order, since a request
 * waits until the one before it has been answered.
 *
 * @param options.runtimeApi - Address of the Runtime API, host:port.
 * @param options.markLog - Marks the log channel; `undefined` where there is none.
 */
exports.httpClient = function httpClient({ runtimeApi, markLog }) {
  const http = require("node:http");
  const [host, port] = runtimeApi.split(":");
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const invocation = "/2018-06-01/runtime/invocation/";

  function next() {
    const headers = {};
    if (markLog !== undefined) {
      markLog();
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
          // A fault: the process ends as one does whose function ends it.
          const exitCode = response.headers["pilotlight-exit"];
          if (exitCode !== undefined) process.exit(Number(exitCode));
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
};

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
