import { invariant } from "@pilotlight/core";

import type { Call } from "./case-file.ts";
import type { CaseRun } from "./case-run.ts";
import { bytesOf } from "./constructed.ts";
import { packageOf, withWrapper } from "./deployment-package.ts";
import { httpCall, type HttpReply } from "./http-reply.ts";
import type { StandIn } from "./stand-in.ts";
import { StandIns } from "./stand-in.ts";

/** What the cases of the Runtime API expect their Invoke to carry. */
const PAYLOAD = '{"k":1}';

/** One runtime played by the test, and the Invoke that it answers. */
export class PlayedRuntime implements AsyncDisposable {
  readonly #run: CaseRun;
  readonly #standIns: StandIns;
  #process: StandIn;
  /** What the caller of Invoke gets. */
  readonly caller: Promise<HttpReply>;

  private constructor(parts: {
    run: CaseRun;
    standIns: StandIns;
    process: StandIn;
    caller: Promise<HttpReply>;
  }) {
    this.#run = parts.run;
    this.#standIns = parts.standIns;
    this.#process = parts.process;
    this.caller = parts.caller;
  }

  /** Creates a function whose runtime the test plays, and invokes it. */
  static async start(
    run: CaseRun,
    invocation: Readonly<Record<string, unknown>> = {},
  ): Promise<PlayedRuntime> {
    const standIns = new StandIns();
    const url = await standIns.listen();
    await run.emulator.create(run.functionName, {
      code: packageOf("echo.handler"),
      settings: { Timeout: 30, ...withWrapper("stand-in.sh", { STAND_IN_URL: url }) },
    });
    const caller = run.invoke({ Payload: PAYLOAD, ...invocation });
    return new PlayedRuntime({ run, standIns, process: await standIns.next(), caller });
  }

  /** Ends the runtime's process, and goes on as the one that is started after it. */
  async restart(): Promise<void> {
    this.#process.release();
    this.#process = await this.#standIns.next();
  }

  /** Asks for the next event; it blocks until there is one. */
  next(): Promise<HttpReply> {
    return this.call({ http: { method: "GET", uri: "/2018-06-01/runtime/invocation/next" } });
  }

  /** Answers an event. */
  respond(event: HttpReply, body: string): Promise<HttpReply> {
    const requestId = event.headers["lambda-runtime-aws-request-id"];
    const uri = `/2018-06-01/runtime/invocation/${requestId}/response`;
    return this.call({ http: { method: "POST", uri }, body });
  }

  /** Makes a call of the Runtime API as a case has it. */
  call({ http, headers, body }: Call): Promise<HttpReply> {
    invariant(http !== undefined, "a call of the Runtime API is a plain HTTP call");
    const requestId = this.#run.bindings.get("request-id:1") ?? "";
    const path = http.uri.replace("{request-id}", requestId);
    return httpCall(`http://${this.#process.runtimeApi}${path}`, {
      method: http.method,
      // A kept connection would outlive the process that it seems to come from.
      headers: { ...headers, Connection: "close" },
      body: body === undefined ? undefined : bytesOf(this.#run.value(body)),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.release();
    await this.#standIns.close();
  }
}
