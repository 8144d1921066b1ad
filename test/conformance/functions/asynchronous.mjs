/** Throws, or returns event and context, the context by the names that Python has for it. */
export const handler = async (event, context) => {
  if (event.raise_error) throw Error("Test exception (this is intentional)");
  return {
    event,
    context: {
      aws_request_id: context.awsRequestId,
      client_context: context.clientContext ?? null,
      function_name: context.functionName,
      function_version: context.functionVersion,
      invoked_function_arn: context.invokedFunctionArn,
      log_group_name: context.logGroupName,
      log_stream_name: context.logStreamName,
      memory_limit_in_mb: context.memoryLimitInMB,
    },
  };
};

/** Logs one line and throws. */
export const fails = async () => {
  console.log("attempt");
  throw Error("intentional failure");
};

/** Throws, or returns an object. */
export const succeedsOrFails = async ({ mode }) => {
  if (mode === "failure") throw Error("intentional failure!");
  return { hello: "world", test: "abc", val: 5, success: true };
};
