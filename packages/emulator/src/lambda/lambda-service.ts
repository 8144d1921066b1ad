import { randomUUID } from "node:crypto";

import { jsonReply, type Reply } from "../http/reply.ts";
import type { StreamedReply } from "../http/streamed-reply.ts";
import type { AwsService } from "../service.ts";
import { answerLambda, bodyLimit, type LambdaContext } from "./api.ts";
import { AwsError, requestTooLarge } from "./aws-error.ts";

/** Lambda, as one of the services behind the AWS endpoint. */
export function lambdaService(context: LambdaContext): AwsService<Reply | StreamedReply> {
  return {
    scope: "lambda",
    bodyBytesMax: ({ path }) => bodyLimit(path).bytesMax,
    tooLarge: ({ path }) => errorReply(requestTooLarge(bodyLimit(path))),
    async answer(request) {
      try {
        return withRequestId(await answerLambda(context, request));
      } catch (error) {
        if (error instanceof AwsError) return errorReply(error);
        throw error;
      }
    },
  };
}

/** An invocation has given its own id already. */
function withRequestId(reply: Reply | StreamedReply): Reply | StreamedReply {
  if ("x-amzn-RequestId" in reply.headers) return reply;
  return { ...reply, headers: { ...reply.headers, "x-amzn-RequestId": randomUUID() } };
}

function errorReply(error: AwsError): Reply {
  return jsonReply(error.statusCode, error.body, {
    "x-amzn-ErrorType": error.type,
    "x-amzn-RequestId": randomUUID(),
  });
}
