import { describe, expect, test } from "vitest";

import { lambdaRequest, operation } from "./lambda-call.ts";

describe("lambdaRequest", () => {
  test("puts the parameters of Invoke into URI, query, headers and body", () => {
    const call = operation("Invoke", {
      FunctionName: "arn:aws:lambda:us-east-1:000000000000:function:f:$LATEST",
      Qualifier: "live",
      InvocationType: "Event",
      LogType: "Tail",
      Payload: Buffer.from("{}"),
    });
    expect(lambdaRequest(call)).toEqual({
      path: "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Af%3A%24LATEST/invocations?Qualifier=live",
      headers: { "X-Amz-Invocation-Type": "Event", "X-Amz-Log-Type": "Tail" },
      body: Buffer.from("{}"),
    });
  });

  test("sends no body where Invoke has no payload", () => {
    expect(lambdaRequest(operation("Invoke", { FunctionName: "f" })).body).toBeUndefined();
  });

  test("puts what is not in the URI into the JSON body of a PUT and into the query of a GET", () => {
    const params = { FunctionName: "f", Timeout: 3 };
    const put = lambdaRequest(operation("UpdateFunctionConfiguration", params));
    expect(put).toMatchObject({
      path: "/2015-03-31/functions/f/configuration",
      body: '{"Timeout":3}',
    });
    const get = lambdaRequest(operation("GetFunction", { FunctionName: "f", Qualifier: "1" }));
    expect(get).toMatchObject({ path: "/2015-03-31/functions/f?Qualifier=1", body: undefined });
  });

  test("refuses a call without a parameter of its URI", () => {
    expect(() => lambdaRequest(operation("GetFunction", {}))).toThrow("FunctionName");
  });

  test("refuses a parameter of Invoke that it has no place for", () => {
    const call = operation("Invoke", { FunctionName: "f", Unknown: 1 });
    expect(() => lambdaRequest(call)).toThrow("Unknown");
  });
});
