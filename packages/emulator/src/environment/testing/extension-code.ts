/** Code of an external extension: an executable that registers and then does as `body` says. */
export function extensionCode(events: readonly string[], body: string): string {
  return `#!${process.execPath}
    const http = require("node:http"); const path = require("node:path");
    const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
    const agent = new http.Agent({ keepAlive: true });
    let id;
    const call = (method, route, { headers, payload } = {}) => new Promise((done, fail) => {
      const request = http.request({ host, port, agent, method, path: "/2020-01-01/extension/" + route,
        headers: { ...(id && { "Lambda-Extension-Identifier": id }), ...headers } }, (response) => {
        let text = "";
        response.on("data", (chunk) => { text += chunk; });
        response.on("end", () => done({ status: response.statusCode, headers: response.headers, text }));
      });
      request.on("error", fail);
      request.end(payload);
    });
    const register = async () => {
      const reply = await call("POST", "register", {
        headers: { "Lambda-Extension-Name": path.basename(__filename) },
        payload: JSON.stringify({ events: ${JSON.stringify(events)} }),
      });
      id = reply.headers["lambda-extension-identifier"];
      return reply;
    };
    const next = async () => JSON.parse((await call("GET", "event/next")).text);
    const tell = (which, type) => call("POST", which + "/error",
      { headers: { "Lambda-Extension-Function-Error-Type": type }, payload: "{}" });
    const wait = (ms) => new Promise((done) => setTimeout(done, ms));
    (async () => { ${body} })();`;
}

/** Tells the log of every event, and ends when the environment does. */
export const LISTENING = `
  await register();
  for (;;) {
    const event = await next();
    console.log("EVENT " + JSON.stringify(event));
    if (event.eventType === "SHUTDOWN") process.exit(0);
  }`;
