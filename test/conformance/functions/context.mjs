/** Returns its context. */
export const returnsContext = async (_event, context) => ({ context });

/** Returns the names of what its context has. */
export const returnsContextKeys = async (_event, context) => Object.keys(context).toSorted();

/** Logs one line and returns the request id. */
export const returnsRequestId = async (_event, context) => {
  console.log("RequestId log message");
  return context.awsRequestId;
};

/** Logs two lines and returns event and context, the context by the names that Python has for it. */
export const returnsEventAndContext = async (event, context) => {
  console.log("Lambda log message - print function");
  console.log("Lambda log message - logging module");
  return {
    event,
    context: {
      ...identity(context),
      memory_limit_in_mb: context.memoryLimitInMB,
      client_context: context.clientContext ?? null,
    },
  };
};

/** Returns its environment variables and its context. */
export const returnsEnvironment = async (_event, context) => ({
  environment: { ...process.env },
  ctx: { ...identity(context), remaining_time_in_millis: context.getRemainingTimeInMillis() },
  packages: [],
});

function identity(context) {
  return {
    aws_request_id: context.awsRequestId,
    function_name: context.functionName,
    function_version: context.functionVersion,
    invoked_function_arn: context.invokedFunctionArn,
    log_group_name: context.logGroupName,
    log_stream_name: context.logStreamName,
  };
}
