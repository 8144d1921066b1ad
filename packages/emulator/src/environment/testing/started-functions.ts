import { type FunctionSketch, FunctionUnderTest } from "./function-under-test.ts";

let started: FunctionUnderTest[] = [];

/** Starts a function whose handler file is `code`; it runs until {@link endFunctions}, so that tests of a file can run beside each other. */
export async function start(
  code: string,
  sketch: Partial<FunctionSketch> = {},
): Promise<FunctionUnderTest> {
  const one = await FunctionUnderTest.start({ files: { "index.mjs": code }, ...sketch });
  started.push(one);
  return one;
}

/** Ends what the tests of a file have started, for `afterAll`. */
export async function endFunctions(): Promise<void> {
  const ending = started;
  started = [];
  await Promise.all(ending.map((one) => one.end()));
}

/** The payload that Lambda gives where a process has ended. */
export function exited(requestId: string, reason: string) {
  return {
    errorType: "Runtime.ExitError",
    errorMessage: `RequestId: ${requestId} Error: ${reason}`,
  };
}
