/* global awslambda */
import { setTimeout as sleep } from "node:timers/promises";

/** Streams "a" and "b"; the event has the content type, and an address to ask between the two. */
export const writesTwice = awslambda.streamifyResponse(async (event, stream) => {
  if (event.contentType !== undefined) stream.setContentType(event.contentType);
  stream.write("a");
  if (event.between !== undefined) await fetch(event.between);
  stream.write("b");
  stream.end();
});

/** Streams an answer with the prelude of an HTTP integration. */
export const writesPrelude = awslambda.streamifyResponse(async (_event, stream) => {
  const answer = awslambda.HttpResponseStream.from(stream, {
    statusCode: 201,
    headers: { "X-A": "b" },
    cookies: ["c=1"],
  });
  answer.write("hello");
  answer.end();
});

/** Fails in the middle of its stream. */
export const failsMidway = awslambda.streamifyResponse(async (_event, stream) => {
  stream.write("part");
  await sleep(20);
  throw TypeError("mid");
});
