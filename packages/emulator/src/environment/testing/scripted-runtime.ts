import { Duplex } from "node:stream";

import type { RuntimeApi } from "../../runtime-api/index.ts";
import { FRAME, frame, FrameReader } from "../../runtime-api/frames.cjs";
import type { RunningRuntime } from "../parts.ts";
import { ScriptedCall } from "./scripted-call.ts";
import { ScriptedProcess, type ScriptedProcessOptions } from "./scripted-process.ts";

/** What one runtime does. */
export interface RuntimeScript {
  readonly init: "ready" | "exit" | "init_error" | "init_error_and_exit" | "hang";
  readonly event: "answer" | "error" | "answer_and_exit" | "exit" | "answer_only" | "hang";
  /** What an event takes it. */
  readonly workMs: number;
  /** Whether it ends at any moment. */
  readonly isDoomed: boolean;
  readonly way: "channel" | "http";
}

interface ScriptedRuntimeOptions extends Omit<ScriptedProcessOptions, "onGone"> {
  readonly script: RuntimeScript;
  readonly api: RuntimeApi;
  readonly onLogMark: () => void;
  /** It works for so long. */
  readonly onWork: (ms: number) => void;
  /** All that it sent by HTTP has been read. */
  readonly onDisconnected: () => void;
}

const RUNTIME_URL = "/2018-06-01/runtime";

/** A runtime that is none: it speaks with its Runtime API as a real one does, each message a step. */
export class ScriptedRuntime extends ScriptedProcess implements RunningRuntime {
  readonly channel: Duplex | undefined;
  readonly #runtime: ScriptedRuntimeOptions;
  /** Sent, and not read yet. */
  #outbox: (() => void)[] = [];
  #calls: ScriptedCall[] = [];

  constructor(options: ScriptedRuntimeOptions) {
    super({
      ...options,
      onGone: () => {
        // What was sent before the end is read before the end of the pipes.
        while (this.#outbox.length > 0) this.#outbox.shift()?.();
      },
    });
    this.#runtime = options;
    const { script, schedule, name } = options;
    this.channel = script.way === "channel" ? this.#openChannel() : undefined;
    void this.exited.then(() =>
      schedule(() => {
        for (const call of this.#calls) call.cut();
        options.onDisconnected();
      }, `${name}'s connections close`),
    );
    if (script.isDoomed) this.later(() => this.exit(9), "ends by itself");
    this.later(() => this.#initialise(), "initialises");
  }

  /** Its connections end: nothing that is on its way arrives. */
  cut(): void {
    this.#outbox = [];
    for (const call of this.#calls) call.cut();
  }

  #initialise(): void {
    const { init } = this.#runtime.script;
    if (init === "ready") this.#askNext();
    if (init.startsWith("init_error")) {
      this.#call({ line: `POST ${RUNTIME_URL}/init/error`, body: '{"errorType":"Init"}' });
    }
    if (init.endsWith("exit")) this.exit(1);
  }

  #askNext(): void {
    const { way } = this.#runtime.script;
    if (way === "http") {
      this.#call({ line: `GET ${RUNTIME_URL}/invocation/next`, isOpen: true });
      return;
    }
    this.#send(() => this.#runtime.onLogMark(), "marks its log");
    this.#push(frame(FRAME.next, { head: "marked" }), "asks for the next event");
  }

  #taken(requestId: string): void {
    const { event, workMs } = this.#runtime.script;
    this.later(() => {
      this.#runtime.onWork(workMs);
      if (event === "answer" || event === "error" || event.startsWith("answer")) {
        this.#answer(requestId, event === "error" ? "error" : "response");
      }
      if (event.endsWith("exit")) this.exit(3);
      if (event === "answer" || event === "error") this.#askNext();
    }, "works");
  }

  #answer(requestId: string, kind: "response" | "error"): void {
    const body = JSON.stringify(requestId);
    if (this.#runtime.script.way === "http") {
      this.#call({ line: `POST ${RUNTIME_URL}/invocation/${requestId}/${kind}`, body });
    } else {
      this.#push(frame(FRAME[kind], { head: requestId, body }), `answers ${requestId}`);
    }
  }

  #openChannel(): Duplex {
    const reader = new FrameReader(
      ({ kind, head }) => {
        if (kind !== FRAME.event) return;
        const fields = JSON.parse(head) as Record<string, string>;
        this.#taken(fields["lambda-runtime-aws-request-id"] ?? "");
      },
      { kinds: [FRAME.event, FRAME.refusal], bodyBytesMax: 1_024 },
    );
    return new Duplex({
      read: () => undefined,
      write: (chunk: Buffer, _encoding, done) => {
        reader.push(chunk);
        done();
      },
    });
  }

  #push(bytes: Buffer, label: string): void {
    this.#send(() => this.channel?.push(bytes), label);
  }

  /** A call comes in two steps: its head, and the end of its body. */
  #call({ line, body = "", isOpen = false }: { line: string; body?: string; isOpen?: boolean }) {
    const call = new ScriptedCall({
      line,
      onReply: ({ headers }) => {
        const requestId = headers.get("lambda-runtime-aws-request-id");
        if (isOpen && requestId !== undefined) this.#taken(requestId);
      },
    });
    this.#calls.push(call);
    this.#send(() => this.#runtime.api.serve(call.request, call.response), line);
    this.#send(() => call.end(body), `ends ${line}`);
  }

  /** Messages are read in the order in which they were sent, also when the process has ended. */
  #send(read: () => void, label: string): void {
    const { schedule, name } = this.#runtime;
    this.#outbox.push(read);
    schedule(() => this.#outbox.shift()?.(), `${name} ${label}`);
  }
}
