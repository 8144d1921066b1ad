import { describe, expect, test } from "vitest";

import { awsRequest, operation } from "./aws-call.ts";

describe("awsRequest", () => {
  test("puts the parameters of Invoke into URI, query, headers and body", () => {
    const call = operation("Invoke", {
      FunctionName: "arn:aws:lambda:us-east-1:000000000000:function:f:$LATEST",
      Qualifier: "live",
      InvocationType: "Event",
      LogType: "Tail",
      Payload: Buffer.from("{}"),
    });
    expect(awsRequest(call)).toEqual({
      path: "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Af%3A%24LATEST/invocations?Qualifier=live",
      headers: { "X-Amz-Invocation-Type": "Event", "X-Amz-Log-Type": "Tail" },
      body: Buffer.from("{}"),
    });
  });

  test("sends no body where Invoke has no payload", () => {
    expect(awsRequest(operation("Invoke", { FunctionName: "f" })).body).toBeUndefined();
  });

  test("puts what is not in the URI into the JSON body of a PUT and into the query of a GET", () => {
    const params = { FunctionName: "f", Timeout: 3 };
    const put = awsRequest(operation("UpdateFunctionConfiguration", params));
    expect(put).toMatchObject({
      path: "/2015-03-31/functions/f/configuration",
      body: '{"Timeout":3}',
    });
    const get = awsRequest(operation("GetFunction", { FunctionName: "f", Qualifier: "1" }));
    expect(get).toMatchObject({ path: "/2015-03-31/functions/f?Qualifier=1", body: undefined });
  });

  test("names an operation of SQS in a header, whatever its parameters", () => {
    const call = { service: "sqs", api: "SendMessage", method: "POST", uri: "/" };
    expect(awsRequest({ ...call, params: { QueueUrl: "q", MessageBody: "b" } })).toEqual({
      path: "/",
      headers: {
        "Content-Type": "application/x-amz-json-1.0",
        "X-Amz-Target": "AmazonSQS.SendMessage",
      },
      body: '{"QueueUrl":"q","MessageBody":"b"}',
    });
  });

  test("refuses a call without a parameter of its URI", () => {
    expect(() => awsRequest(operation("GetFunction", {}))).toThrow("FunctionName");
  });

  test("refuses a parameter of Invoke that it has no place for", () => {
    const call = operation("Invoke", { FunctionName: "f", Unknown: 1 });
    expect(() => awsRequest(call)).toThrow("Unknown");
  });
});
