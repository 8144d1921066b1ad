import { invalidParameter } from "./aws-error.ts";

/** Every function runs on the Node of the emulator itself, whichever Node.js runtime it names. */
const NODE_RUNTIME_PATTERN = /^nodejs\d+\.x$/;

/** What AWS's error lists; its order there is no order. */
const RUNTIMES: readonly string[] = [
  "nodejs20.x",
  "python3.14",
  "provided.al2023",
  "python3.12",
  "python3.13",
  "nodejs24.x",
  "nodejs22.x",
  "java25",
  "java17",
  "nodejs16.x",
  "dotnet8",
  "python3.10",
  "java11",
  "python3.11",
  "dotnet6",
  "java21",
  "nodejs18.x",
  "provided.al2",
  "ruby3.3",
  "ruby3.4",
  "java8.al2",
  "ruby3.2",
  "python3.8",
  "python3.9",
];

/** Runtimes that no function can be given any more. */
const ENDED_RUNTIMES: ReadonlySet<string> = new Set([
  "nodejs",
  "nodejs4.3",
  "nodejs4.3-edge",
  "nodejs6.10",
  "nodejs8.10",
  "nodejs10.x",
  "nodejs12.x",
  "nodejs14.x",
  "java8",
  "python2.7",
  "python3.6",
  "python3.7",
  "dotnetcore1.0",
  "dotnetcore2.0",
  "dotnetcore2.1",
  "dotnetcore3.1",
  "go1.x",
  "ruby2.5",
  "ruby2.7",
  "provided",
]);

/**
 * Refuses what is no runtime, has ended, or is no Node.js.
 *
 * @throws AwsError with AWS's text for the first two.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html, read 2026-11-24
 */
export function checkRuntime(runtime: string): void {
  if (ENDED_RUNTIMES.has(runtime)) {
    throw invalidParameter(
      `The runtime parameter of ${runtime} is no longer supported for creating or updating AWS Lambda functions. We recommend you use a supported runtime while creating or updating functions.`,
    );
  }
  if (!RUNTIMES.includes(runtime)) {
    throw invalidParameter(
      `Value ${runtime} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [${RUNTIMES.join(", ")}] or be a valid ARN`,
    );
  }
  if (!NODE_RUNTIME_PATTERN.test(runtime)) {
    throw invalidParameter(
      `Value ${runtime} at 'runtime' is not emulated: this emulator runs Node.js functions (nodejs24.x)`,
    );
  }
}
