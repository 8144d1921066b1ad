import type { RuntimeApi } from "../../runtime-api/index.ts";
import { type CallReply, ScriptedCall } from "./scripted-call.ts";
import { ScriptedProcess, type ScriptedProcessOptions } from "./scripted-process.ts";

/** What an external extension does. */
export interface ExtensionScript {
  readonly events: readonly ("INVOKE" | "SHUTDOWN")[];
  readonly init: "ready" | "exit" | "exit_registered" | "init_error_and_exit" | "hang";
  readonly event: "next" | "exit" | "exit_error_and_exit" | "hang";
  /** Whether it ends at any moment. */
  readonly isDoomed: boolean;
}

interface ScriptedExtensionOptions extends Omit<ScriptedProcessOptions, "onGone"> {
  readonly script: ExtensionScript;
  readonly api: RuntimeApi;
}

/** An extension that is none: each of its calls is a step. */
export class ScriptedExtension extends ScriptedProcess {
  readonly #extension: ScriptedExtensionOptions;
  #id = "";
  #isCut = false;

  constructor(options: ScriptedExtensionOptions) {
    super({ ...options, onGone: () => undefined });
    this.#extension = options;
    if (options.script.isDoomed) this.later(() => this.exit(9), "ends by itself");
    this.later(() => this.#initialise(), "starts");
  }

  /** Its connections end: nothing that is on its way arrives. */
  cut(): void {
    this.#isCut = true;
  }

  #initialise(): void {
    const { init, events } = this.#extension.script;
    if (init === "exit") return this.exit(3);
    if (init === "hang") return;
    const { name } = this.#extension;
    this.#call("POST register", {
      headers: { "lambda-extension-name": name },
      body: JSON.stringify({ events }),
      onReply: ({ headers }) => {
        this.#id = headers.get("lambda-extension-identifier") ?? "";
        if (init === "ready") this.#askNext();
        if (init === "init_error_and_exit") this.#tell("init");
        if (init.endsWith("exit") || init === "exit_registered") this.exit(4);
      },
    });
  }

  #askNext(): void {
    this.#call("GET event/next", { onReply: (reply) => this.#taken(reply) });
  }

  #taken({ status, body }: CallReply): void {
    if (status !== 200) return;
    const { event } = this.#extension.script;
    const { eventType } = JSON.parse(body) as { eventType: string };
    this.later(() => {
      if (eventType === "SHUTDOWN") return this.exit(0);
      if (event === "next") this.#askNext();
      if (event === "exit_error_and_exit") this.#tell("exit");
      if (event.endsWith("exit")) this.exit(5);
    }, `takes ${eventType}`);
  }

  #tell(which: "init" | "exit"): void {
    const headers = { "lambda-extension-function-error-type": "Extension.Mine" };
    this.#call(`POST ${which}/error`, { headers });
  }

  #call(
    line: string,
    {
      headers,
      body,
      onReply,
    }: {
      headers?: Readonly<Record<string, string>>;
      body?: string;
      onReply?: (reply: CallReply) => void;
    } = {},
  ): void {
    const { api, schedule, name } = this.#extension;
    const call = new ScriptedCall({
      line: line.replace(" ", " /2020-01-01/extension/"),
      headers: { "lambda-extension-identifier": this.#id, ...headers },
      onReply: (reply) => {
        if (!this.isDead) onReply?.(reply);
      },
    });
    schedule(() => {
      if (this.#isCut) return;
      api.serve(call.request, call.response);
      call.end(body);
    }, `${name} ${line}`);
  }
}
