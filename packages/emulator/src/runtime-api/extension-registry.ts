import { randomUUID } from "node:crypto";
import type { ServerResponse } from "node:http";

import { readBody } from "../http/read-body.ts";
import { ANSWER_READING } from "./answer-reading.ts";
import {
  EMPTY_NAME,
  ERROR_TYPE_HEADER,
  EXTENSIONS_MAX,
  extensionTransitionRefused,
  IDENTIFIER_HEADER,
  INVALID_IDENTIFIER,
  MISSING_ERROR_TYPE,
  MISSING_IDENTIFIER,
  NAME_TAKEN,
  REGISTRATION_CLOSED,
  TOO_MANY,
  UNKNOWN_TELLER,
  unknownExtension,
} from "./extension-reply.ts";
import {
  type ExtensionSignal,
  type ExtensionState,
  nextExtensionState,
} from "./extension-state.ts";
import { type ExtensionEventKind, readRegistration } from "./registration.ts";
import { ACCEPTED, jsonReply, refuse, type Reply, send, textReply } from "./reply.ts";
import type { RuntimeEvent } from "./runtime-event.ts";
import type { HttpCall } from "./runtime-session.ts";

/** What an extension learns of the function when it registers. */
export interface FunctionIdentity {
  readonly functionName: string;
  readonly functionVersion: string;
  readonly handler: string;
  readonly accountId: string;
}

/** Why an environment ends, as extensions read it. */
export type ShutdownReason = "spindown" | "timeout" | "failure";

/** How far an extension has come. */
export interface ExtensionSummary {
  readonly name: string;
  readonly state: ExtensionState;
  readonly events: readonly ExtensionEventKind[];
  readonly errorType: string | undefined;
}

/** What every event of an extension has. */
interface ExtensionEvent {
  readonly eventType: ExtensionEventKind;
  readonly deadlineMs: number;
}

interface Extension {
  readonly id: string;
  readonly name: string;
  readonly isExternal: boolean;
  state: ExtensionState;
  events: readonly ExtensionEventKind[];
  errorType: string | undefined;
  /** The call of `next` that waits for an event. */
  waiting: ServerResponse | undefined;
}

/** AWS takes every form of a UUID that Go's package has. */
const IDENTIFIER =
  /^(?:urn:uuid:)?\{?([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})\}?$/i;
const FEATURE_HEADER = "lambda-extension-accept-feature";

/**
 * The extensions of one environment: version 2020-01-01 of the Extensions API.
 *
 * An external one is known by the name of its executable before it registers; every other name that
 * registers is an internal one, which lives in the process of the runtime.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html, read 2026-11-24
 */
export class ExtensionRegistry {
  readonly #identity: FunctionIdentity;
  readonly #onChange: () => void;
  #extensions: Extension[] = [];
  #isOpen = true;

  /** @param onChange - Called when an extension has registered, asks for an event or tells an error. */
  constructor(identity: FunctionIdentity, onChange: () => void) {
    this.#identity = identity;
    this.#onChange = onChange;
  }

  get isEmpty(): boolean {
    return this.#extensions.length === 0;
  }

  get hasExternal(): boolean {
    return this.#extensions.some(({ isExternal }) => isExternal);
  }

  /** Whether all external ones have registered: the runtime starts then. */
  get haveRegistered(): boolean {
    return this.#extensions.every(({ state }) => state !== "Started");
  }

  /** Whether all of them wait for an event: the init phase is over then, on their side. */
  get areReady(): boolean {
    return this.#extensions.every(({ state }) => state === "Ready");
  }

  /** Whether those that are told of invocations wait for the next one. */
  get areFree(): boolean {
    return this.#extensions.every(
      ({ state, events }) => state === "Ready" || !events.includes("INVOKE"),
    );
  }

  /** The type of the first error that an extension told: it explains the end of its process. */
  get toldError(): "Extension.InitError" | "Extension.ExitError" | undefined {
    const told = this.#extensions.find(
      ({ state }) => state === "InitError" || state === "ExitError",
    );
    return told === undefined ? undefined : `Extension.${told.state as "InitError" | "ExitError"}`;
  }

  /** Announces an external extension, whose process is about to start. */
  launch(name: string): void {
    this.#add({ name, isExternal: true });
  }

  /** An external extension could not be started. */
  unlaunchable(name: string, errorType: string): void {
    const extension = this.#extensions.find((other) => other.name === name);
    if (extension !== undefined && this.#move(extension, "unlaunchable")) {
      extension.errorType = errorType;
    }
  }

  /** No other extension may register: the runtime is ready. */
  close(): void {
    this.#isOpen = false;
  }

  /** Tells of an invocation. */
  offer({ requestId, invokedArn, deadlineEpochMs, traceId }: RuntimeEvent): void {
    if (this.isEmpty) return;
    const event = {
      eventType: "INVOKE" as const,
      deadlineMs: deadlineEpochMs,
      requestId,
      invokedFunctionArn: invokedArn,
      tracing: { type: "X-Amzn-Trace-Id", value: traceId ?? "" },
    };
    for (const extension of this.#extensions) {
      if (extension.events.includes("INVOKE")) this.#send(extension, event);
    }
  }

  /**
   * Tells an external extension that the environment ends.
   *
   * @returns Whether it wants to know that; it is to be killed otherwise.
   */
  shutDown(
    name: string,
    { deadlineEpochMs, reason }: { deadlineEpochMs: number; reason: ShutdownReason },
  ): boolean {
    const extension = this.#extensions.find((other) => other.name === name);
    if (extension === undefined || !extension.events.includes("SHUTDOWN")) return false;
    const event = {
      eventType: "SHUTDOWN" as const,
      deadlineMs: deadlineEpochMs,
      shutdownReason: reason,
    };
    this.#send(extension, event);
    return true;
  }

  /** What is to be logged of each one when an init phase is over. */
  summaries(): ExtensionSummary[] {
    return this.#extensions.map(({ name, state, events, errorType }) => ({
      name,
      state,
      events,
      errorType,
    }));
  }

  /** Forgets all of them, for the processes that come next. */
  reset(): void {
    this.#extensions = [];
    this.#isOpen = true;
  }

  register({ request, response }: HttpCall): void {
    const name = single(request.headers["lambda-extension-name"]);
    if (name === "") return refuse(request, response, EMPTY_NAME);
    const features = single(request.headers[FEATURE_HEADER]).split(",");
    const isWithAccount = features.some((feature) => feature.trim() === "accountId");
    void readBody(request, ANSWER_READING).then((body) => {
      if (body.kind === "aborted") return;
      const bytes = body.kind === "read" ? body.bytes : Buffer.alloc(0);
      const registered = this.#register(name, bytes);
      if ("status" in registered) return send(response, registered);
      const { accountId, ...identity } = this.#identity;
      const reply = jsonReply(200, { ...identity, ...(isWithAccount && { accountId }) });
      send(response, { ...reply, headers: [...reply.headers, IDENTIFIER_HEADER, registered.id] });
      this.#onChange();
    });
  }

  next(call: HttpCall): void {
    const { request, response } = call;
    const id = this.#identified(call);
    if (id === undefined) return;
    const extension = this.#extensions.find((other) => other.id === id);
    if (extension === undefined) return refuse(request, response, unknownExtension(id));
    const from = extension.state;
    if (!this.#move(extension, "next")) {
      const refusal = extensionTransitionRefused(from, { to: "Ready", name: id });
      return refuse(request, response, refusal);
    }
    extension.waiting = response;
    response.on("close", () => {
      if (extension.waiting === response) extension.waiting = undefined;
    });
    this.#onChange();
  }

  /** Takes the news that an extension could not initialise, or has to end. */
  tellError(call: HttpCall, signal: "init_error" | "exit_error"): void {
    const { request, response } = call;
    const id = this.#identified(call);
    if (id === undefined) return;
    const errorType = single(request.headers[ERROR_TYPE_HEADER.toLowerCase()]);
    if (errorType === "") return refuse(request, response, MISSING_ERROR_TYPE);
    const extension = this.#extensions.find((other) => other.id === id);
    if (extension === undefined) return refuse(request, response, UNKNOWN_TELLER);
    const from = extension.state;
    if (!this.#move(extension, signal)) {
      // AWS's texts name the state of a process that has ended here, not that of one that told so.
      const to = signal === "init_error" ? "InitError" : "Exited";
      return refuse(request, response, extensionTransitionRefused(from, { to, name: id }));
    }
    extension.errorType ??= errorType;
    refuse(request, response, ACCEPTED);
    this.#onChange();
  }

  /** The identifier of the caller; without one the call has been answered. */
  #identified({ request, response }: HttpCall): string | undefined {
    const header = single(request.headers[IDENTIFIER_HEADER.toLowerCase()]);
    const parts = IDENTIFIER.exec(header);
    if (parts !== null) return parts.slice(1).join("-").toLowerCase();
    refuse(request, response, header === "" ? MISSING_IDENTIFIER : INVALID_IDENTIFIER);
    return undefined;
  }

  #register(name: string, body: Buffer): Extension | Reply {
    const known = this.#extensions.find((other) => other.name === name);
    const isExternal = known?.isExternal ?? false;
    const registration = readRegistration(body, { isExternal });
    if (registration.kind === "refused") return registration.reply;
    const extension = isExternal ? known : this.#addInternal(name, known);
    if (extension === undefined || "status" in extension) return extension ?? NAME_TAKEN;
    const from = extension.state;
    if (!this.#move(extension, "register")) {
      return extensionTransitionRefused(from, { to: "Registered", name });
    }
    extension.events = registration.events;
    return extension;
  }

  #addInternal(name: string, known: Extension | undefined): Extension | Reply {
    if (!this.#isOpen) return REGISTRATION_CLOSED;
    if (this.#extensions.length >= EXTENSIONS_MAX) return TOO_MANY;
    return known === undefined ? this.#add({ name, isExternal: false }) : NAME_TAKEN;
  }

  #add({ name, isExternal }: Pick<Extension, "name" | "isExternal">): Extension {
    const extension: Extension = {
      id: randomUUID(),
      name,
      isExternal,
      state: "Started",
      events: [],
      errorType: undefined,
      waiting: undefined,
    };
    this.#extensions.push(extension);
    return extension;
  }

  #send(extension: Extension, event: ExtensionEvent): void {
    if (!this.#move(extension, "event")) return;
    const response = extension.waiting;
    extension.waiting = undefined;
    // Who has hung up gets nothing; the end of its process or of its time is then the outcome.
    if (response === undefined) return;
    send(response, eventReply(event));
  }

  #move(extension: Extension, signal: ExtensionSignal): boolean {
    const next = nextExtensionState(extension.state, signal);
    if (next !== undefined) extension.state = next;
    return next !== undefined;
  }
}

/** AWS gives an identifier and a content type to invocations only; the end has the default of its server. */
function eventReply(event: ExtensionEvent): Reply {
  if (event.eventType === "SHUTDOWN") return textReply(200, JSON.stringify(event));
  const reply = jsonReply(200, event);
  const headers = [...reply.headers, "Lambda-Extension-Event-Identifier", randomUUID()];
  return { ...reply, headers };
}

function single(header: string | readonly string[] | undefined): string {
  return (typeof header === "string" ? header : header?.[0]) ?? "";
}
