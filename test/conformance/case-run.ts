import { invariant } from "@pilotlight/core";
import type { ExpectStatic } from "vitest";

import type { Call, CaseFile, CaseValue, Expectation, Step } from "./case-file.ts";
import { constructed, type Names } from "./constructed.ts";
import { creationDefaults, type EmulatorUnderTest, eventually } from "./emulator-under-test.ts";
import type { HttpReply } from "./http-reply.ts";
import { type AwsCall, operation } from "./aws-call.ts";
import { type MatchContext, mismatches } from "./matcher.ts";
import { replyMismatches } from "./reply-check.ts";
import type { Scenario } from "./scenario.ts";

const ACCOUNT = "000000000000";
const REGION = "us-east-1";

interface CaseRunParts {
  readonly file: CaseFile;
  readonly scenario: Scenario;
  readonly emulator: EmulatorUnderTest;
  readonly expect: ExpectStatic;
}

/** One case on its way: its function, what its names and placeholders stand for, and its replies. */
export class CaseRun {
  readonly file: CaseFile;
  readonly emulator: EmulatorUnderTest;
  /** The expect of the test that runs the case: others run beside it. */
  readonly expect: ExpectStatic;
  readonly functionName: string;
  readonly functionArn: string;
  /** Answers to the calls so far, in their order. */
  readonly replies: HttpReply[] = [];
  /** What the numbered placeholders stand for. */
  readonly bindings: Map<string, string>;
  readonly #scenario: Scenario;
  #names: Names = {};
  #creation: HttpReply | undefined;
  /** The answer to the last invocation that has run. */
  #lastRun: HttpReply | undefined;

  constructor(parts: CaseRunParts) {
    this.file = parts.file;
    this.expect = parts.expect;
    this.emulator = parts.emulator;
    this.#scenario = parts.scenario;
    this.functionName = `case-${parts.file.id}`;
    this.functionArn = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${this.functionName}`;
    this.bindings = new Map([
      ["function-name:1", this.functionName],
      ["partition:1", "aws"],
      ["region:1", REGION],
      ["account:1", ACCOUNT],
    ]);
  }

  /** The answer to CreateFunction. */
  get creation(): HttpReply {
    invariant(this.#creation !== undefined, "the function of this case has not been created");
    return this.#creation;
  }

  /** The answer to the last call. */
  get lastReply(): HttpReply {
    const reply = this.replies.at(-1);
    invariant(reply !== undefined, "the case has made no call yet");
    return reply;
  }

  /** Runs the steps, to the first that does not conform. @returns How it does not. */
  async steps(): Promise<string[]> {
    const { code, settings, play, prepare, rewrite } = this.#scenario;
    await prepare?.(this);
    this.#fillNames();
    const createsItself = this.file.steps.some(({ when }) => when?.api === "CreateFunction");
    if (code !== undefined && !createsItself) {
      this.#creation = await this.emulator.create(this.functionName, {
        code,
        settings: settings ?? {},
      });
    }
    if (play !== undefined) return play(this);
    for (const [index, original] of this.file.steps.entries()) {
      await this.#scenario.before?.[index]?.(this);
      // A step may name what the steps before it have produced.
      this.#fillNames();
      const step = rewrite?.(original, index) ?? original;
      const found = await this.#polled(step, index);
      if (found.length > 0) return found.map((sentence) => `step ${index}: ${sentence}`);
    }
    return [];
  }

  /** Asserts what the case says beside its steps. */
  async also(): Promise<void> {
    await this.#scenario.also?.(this, this.expect);
  }

  /** Calls Invoke of the case's own function. */
  invoke(params: Readonly<Record<string, unknown>> = {}): Promise<HttpReply> {
    return this.#invoke(operation("Invoke", { FunctionName: this.functionName, ...params }));
  }

  /** The log of one invocation from its START to its REPORT, as soon as it is whole. */
  logOf(reply: HttpReply): Promise<string[]> {
    const requestId = requestIdOf(reply);
    return eventually(() => {
      const lines = this.emulator.log(this.functionName);
      const start = lines.findIndex((line) => line.startsWith(`START RequestId: ${requestId}`));
      const end = lines.findIndex((line) => line.startsWith(`REPORT RequestId: ${requestId}`));
      if (start < 0 || end < 0)
        throw new Error(`no whole log of ${requestId}: ${lines.join("\n")}`);
      return lines.slice(start, end + 1);
    });
  }

  /** Compares an answer with what a step expects. */
  check(reply: HttpReply, expectation: Expectation, references: Names = {}): string[] {
    return replyMismatches(reply, expectation, this.#context(expectation, references));
  }

  /** The value with names and constructors filled in. */
  value(value: CaseValue): unknown {
    return constructed(value, this.#names);
  }

  #fillNames(): void {
    this.#names = { ...this.#defaultNames(), ...this.#scenario.names?.(this) };
  }

  /** Where AWS is eventually consistent, the case says so; the last attempt then counts. */
  async #polled(step: Step, index: number): Promise<string[]> {
    if (step.poll === undefined) return this.#step(step, index);
    const known = new Map(this.bindings);
    let found: string[] = [];
    const attempt = async () => {
      this.bindings.clear();
      for (const [name, value] of known) this.bindings.set(name, value);
      found = await this.#step(step, index);
      if (found.length > 0) throw new Error(found.join("; "));
    };
    try {
      await eventually(attempt);
    } catch {
      // What was found last says why.
    }
    return found;
  }

  async #step(step: Step, index: number): Promise<string[]> {
    if (step.observe !== undefined) return this.#observe(step.observe, step.then ?? {});
    invariant(step.when !== undefined, "a step has a call or an observation");
    const params = this.#params(step.when);
    const calling = this.#call(step.when, params);
    await this.#scenario.during?.[index]?.(this, this.expect);
    const reply = await calling;
    this.replies.push(reply);
    if (step.when.api === "CreateFunction") await this.#created(reply);
    if (step.setup === true) {
      return reply.status < 300 ? [] : [`the call failed: ${reply.status} ${reply.text}`];
    }
    return this.check(reply, step.then ?? {}, { "request payload": payloadOf(params) });
  }

  #params({ api, params = {} }: Call): Readonly<Record<string, unknown>> {
    const own = Object.fromEntries(
      Object.entries(params).map(([name, value]) => [name, this.value(value)]),
    );
    if (api !== "CreateFunction") return own;
    const { code, settings } = this.#scenario;
    invariant(code !== undefined, `the case ${this.file.id} needs the code of its function`);
    return { ...creationDefaults(code), ...settings, ...own };
  }

  #call(call: Call, params: Readonly<Record<string, unknown>>): Promise<HttpReply> {
    const { service = "lambda", api, http } = call;
    invariant(http !== undefined, "a call has an HTTP method");
    if (api === "Invoke") return this.#invoke({ api, ...http, params });
    if (api !== undefined) return this.emulator.call({ service, api, ...http, params });
    invariant(this.#scenario.http !== undefined, "the scenario must make plain HTTP calls");
    return this.#scenario.http(call, this);
  }

  /**
   * The environment is free again when the log of the invocation before is whole: a case that tells
   * of one environment must not get a second one because the machine is busy.
   */
  async #invoke(call: AwsCall): Promise<HttpReply> {
    if (this.#lastRun !== undefined) await this.logOf(this.#lastRun);
    const reply = await this.emulator.call(call);
    if (reply.status === 200) this.#lastRun = reply;
    return reply;
  }

  async #created(reply: HttpReply): Promise<void> {
    this.#creation = reply;
    if (reply.status === 201) await this.emulator.settled(this.functionName);
  }

  async #observe(name: string, expectation: Expectation): Promise<string[]> {
    const look = this.#scenario.observe?.[name];
    invariant(look !== undefined, `the scenario must observe "${name}"`);
    const actual = await look(this);
    if (expectation.value === undefined) return this.check(actual as HttpReply, expectation);
    return mismatches(
      { actual, expected: expectation.value, path: "$.value" },
      this.#context(expectation, {}),
    );
  }

  #context({ volatile = [] }: Expectation, references: Names): MatchContext {
    return { bindings: this.bindings, volatile, references };
  }

  #defaultNames(): Names {
    return {
      function: this.functionName,
      function_arn: this.functionArn,
      invocation_echo_lambda: this.functionName,
      "create_function_result.FunctionName": this.functionName,
      "create_function_result.FunctionArn": this.functionArn,
      runtime: "nodejs24.x",
      region: REGION,
      region_name: REGION,
      account: ACCOUNT,
    };
  }
}

/** The request id that the answer to an Invoke carries. */
export function requestIdOf(reply: HttpReply): string {
  return reply.headers["x-amzn-requestid"] ?? "";
}

function payloadOf({ Payload }: Readonly<Record<string, unknown>>): unknown {
  if (typeof Payload !== "string") return Payload;
  try {
    return JSON.parse(Payload) as unknown;
  } catch {
    // A case may send what is not JSON on purpose; the text is then its own reference.
    return Payload;
  }
}
