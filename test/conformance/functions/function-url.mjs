/* global awslambda */

/** Answers with its event and context. */
export const echoesEvent = async (event, context) => ({
  statusCode: 200,
  body: JSON.stringify({ event, context }),
});

/** Answers with what the request was, by the names that a well-known echo server has for it. */
export const echoesRequest = async (event) => {
  const { domainName, http } = event.requestContext;
  const text = event.isBase64Encoded ? Buffer.from(event.body, "base64").toString() : event.body;
  return {
    args: event.queryStringParameters,
    data: JSON.parse(text),
    domain: domainName,
    headers: event.headers,
    method: http.method,
    origin: http.sourceIp,
    path: event.rawPath,
  };
};

/** Returns what the request's body says. */
export const returnsBody = async (event) => {
  const text = event.isBase64Encoded ? Buffer.from(event.body, "base64").toString() : event.body;
  return JSON.parse(text);
};

export const returnsObject = async () => ({ hello: "world" });

export const returnsText = async () => "hello";

export const returnsResponse = async () => ({ statusCode: 200, body: "body123" });

export const throws = async () => {
  throw new Error("something went wrong");
};

/** Streams an HTTP response in two parts. */
export const streams = awslambda.streamifyResponse(async (_event, stream) => {
  const response = awslambda.HttpResponseStream.from(stream, {
    status: 200,
    headers: { "Content-Type": "text/plain" },
  });
  response.write("Hello,");
  response.write(" world!");
  response.end();
});
