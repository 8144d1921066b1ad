/*
 * An external extension: it registers, for the end of the environment if its name says so, and tells the log
 * of every event.
 */
const http = require("node:http");
const path = require("node:path");

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
const name = path.basename(__filename);
const headers = { "Lambda-Extension-Name": name };

function call(method, route, body) {
  return new Promise((resolve, reject) => {
    const options = { host, port, method, path: `/2020-01-01/extension/${route}`, headers };
    const request = http.request(options, (response) => {
      let text = "";
      response.on("data", (chunk) => {
        text += chunk;
      });
      response.on("end", () => resolve({ headers: response.headers, text }));
    });
    request.on("error", reject);
    request.end(body);
  });
}

async function run() {
  const events = name === "hears-the-end" ? ["INVOKE", "SHUTDOWN"] : ["INVOKE"];
  const reply = await call("POST", "register", JSON.stringify({ events }));
  headers["Lambda-Extension-Identifier"] = reply.headers["lambda-extension-identifier"];
  for (;;) {
    const event = await call("GET", "event/next");
    if (event.text.includes("SHUTDOWN")) {
      process.stdout.write(`told ${event.text}\n`, () => process.exit(0));
      return;
    }
  }
}

void run();
