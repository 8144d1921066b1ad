import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { AwsError } from "./aws-error.ts";
import { functionArn, isAliasName, parseFunctionReference } from "./names.ts";

const parse = (functionName: string, qualifier?: string) =>
  parseFunctionReference({ functionName, qualifier, operation: "Invoke" });

function failureOf(run: () => unknown): AwsError {
  try {
    run();
  } catch (error) {
    if (error instanceof AwsError) return error;
    throw error;
  }
  throw new Error("no error was thrown");
}

describe("parseFunctionReference", () => {
  test.each([
    ["my-function", undefined],
    ["my-function:live", "live"],
    ["my-function:$LATEST", "$LATEST"],
    ["function:my-function:7", "7"],
    ["000000000000:function:my-function", undefined],
    ["us-east-1:000000000000:function:my-function:live", "live"],
    ["arn:aws:lambda:us-east-1:000000000000:function:my-function", undefined],
    ["arn:aws:lambda:us-east-1:000000000000:function:my-function:3", "3"],
  ])("reads %s", (given, qualifier) => {
    expect(parse(given)).toEqual({ name: "my-function", qualifier });
  });

  test("takes the qualifier beside the name", () => {
    expect(parse("my-function", "live")).toEqual({ name: "my-function", qualifier: "live" });
    expect(parse("my-function:live", "live")).toEqual({ name: "my-function", qualifier: "live" });
  });

  test("refuses two qualifiers that differ, in AWS's words", () => {
    const error = failureOf(() => parse("my-function:$LATEST", "1"));
    expect(error.type).toBe("InvalidParameterValueException");
    expect(error.body["message"]).toBe(
      "The derived qualifier from the function name does not match the specified qualifier.",
    );
  });

  test("refuses a malformed name, in AWS's words", () => {
    const error = failureOf(() => parse("my-function!"));
    expect(error.type).toBe("ValidationException");
    expect(error.statusCode).toBe(400);
    expect(error.body["message"]).toBe(
      "1 validation error detected: Value 'my-function!' at 'functionName' failed to satisfy constraint: Member must satisfy regular expression pattern: " +
        String.raw`(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_\.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?`,
    );
  });

  test.each(["..", ".", "a.b", "my-function:$LATEST.PUBLISHED"])(
    "takes %s only where a version may be named",
    (functionName) => {
      expect(parse(functionName).name).toBe(functionName.split(":")[0]);
      const error = failureOf(() =>
        parseFunctionReference({ functionName, operation: "CreateFunction" }),
      );
      expect(error.type).toBe("ValidationException");
      expect(error.body["message"]).toBe(
        `1 validation error detected: Value '${functionName}' at 'functionName' failed to satisfy constraint: Member must satisfy regular expression pattern: ` +
          String.raw`(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_]+)(:(\$LATEST|[a-zA-Z0-9-_]+))?`,
      );
    },
  );

  test.each(["AddPermission", "RemovePermission", "InvokeWithResponseStream"])(
    "takes a name of up to 256 characters for %s",
    (operation) => {
      const functionName = `arn:aws:lambda:us-east-1:000000000000:function:${"a".repeat(64)}:${"b".repeat(128)}`;
      expect(parseFunctionReference({ functionName, operation }).name).toHaveLength(64);
    },
  );

  test("takes no qualifier in the name where the operation has none", () => {
    const operation = "PutFunctionRecursionConfig";
    expect(parseFunctionReference({ functionName: "f", operation }).name).toBe("f");
    const error = failureOf(() => parseFunctionReference({ functionName: "f:live", operation }));
    expect(error.body["message"]).toMatch(/^1 validation error .*\(\[a-zA-Z0-9-_\]\+\)$/);
  });

  test("tells the older pattern of qualifiers for provisioned concurrency", () => {
    const operation = "PutProvisionedConcurrencyConfig";
    const error = failureOf(() =>
      parseFunctionReference({ functionName: "f", qualifier: "a!", operation }),
    );
    expect(error.body["message"]).toBe(
      "1 validation error detected: Value 'a!' at 'qualifier' failed to satisfy constraint: Member must satisfy regular expression pattern: (|[a-zA-Z0-9$_-]+)",
    );
  });

  test("refuses an empty qualifier", () => {
    expect(failureOf(() => parse("f", "")).type).toBe("ValidationException");
  });

  test("counts every constraint that a name and a qualifier break", () => {
    const error = failureOf(() => parse(`${"a".repeat(300)}!`, "b!".repeat(100)));
    expect(error.body["message"]).toMatch(/^4 validation errors detected: .+; .+; .+; .+$/);
  });

  test("takes an ARN that ends with the word function for a function of that name", () => {
    expect(parse("arn:aws:lambda:us-east-1:000000000000:function").name).toBe("function");
  });

  test("refuses another region and another account", () => {
    expect(failureOf(() => parse("arn:aws:lambda:eu-west-1:000000000000:function:f")).type).toBe(
      "ResourceNotFoundException",
    );
    expect(failureOf(() => parse("123456789012:function:f")).type).toBe("AccessDeniedException");
  });

  test("for every name and qualifier, the ARN made of them is read back", () => {
    const name = fc.stringMatching(/^[a-zA-Z0-9\-_]{1,64}$/);
    const qualifier = fc.option(fc.stringMatching(/^(\$LATEST|[a-zA-Z0-9\-_]{1,20})$/), {
      nil: undefined,
    });
    fc.assert(
      fc.property(name, qualifier, (functionName, given) => {
        expect(parse(functionArn(functionName, given))).toEqual({
          name: functionName,
          qualifier: given,
        });
      }),
    );
  });

  test("for every text, the answer is a reference or an AWS error", () => {
    const isAnswered = (name: string, qualifier: string): boolean => {
      try {
        return parse(name, qualifier).name !== "";
      } catch (error) {
        return error instanceof AwsError;
      }
    };
    fc.assert(fc.property(fc.string({ maxLength: 300 }), fc.string({ maxLength: 50 }), isAnswered));
  });
});

describe("isAliasName", () => {
  test("tells aliases from versions", () => {
    expect(["live", "v2", "$LATEST", "12"].map(isAliasName)).toEqual([true, true, false, false]);
  });
});
