import type { FaultAction } from "../faults/fault-kind.ts";
import { readFaultRequest } from "../faults/fault-order.ts";
import type { FaultPlan } from "../faults/fault-plan.ts";
import { jsonReply, type Reply } from "../http/reply.ts";
import type { MetricSeries } from "../lambda/concurrency/metrics.ts";
import type { EnvironmentSummary } from "../lambda/environment-summary.ts";

/** What the control paths of the AWS endpoint look at and change. */
export interface ControlContext {
  readonly faults: FaultPlan;
  /** Does at once what an action says. @returns How many environments it has met. */
  readonly act: (action: FaultAction, functionName: string | undefined) => number;
  readonly listMetrics: () => readonly MetricSeries[];
  readonly listEnvironments: () => readonly EnvironmentSummary[];
}

interface ControlRequest {
  readonly method: string;
  /** Begins with `/_pilotlight/`. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: Uint8Array;
}

type Answer = (context: ControlContext, request: ControlRequest) => Reply;

/** Largest body of a control request, bytes. */
export const CONTROL_BYTES_MAX = 65_536;

const FAULTS_PATH = "/_pilotlight/faults";

const PATHS: Readonly<Record<string, Readonly<Record<string, Answer>>>> = {
  "/_pilotlight/environments": {
    GET: ({ listEnvironments }) => jsonReply(200, listEnvironments()),
  },
  "/_pilotlight/metrics": { GET: ({ listMetrics }) => jsonReply(200, listMetrics()) },
  [FAULTS_PATH]: {
    GET: ({ faults }) => jsonReply(200, faults.list()),
    POST: addFault,
    DELETE: deleteFaults,
  },
};

/** Answers a request to one of the emulator's own paths. */
export function answerControl(context: ControlContext, request: ControlRequest): Reply {
  const methods = PATHS[request.path];
  if (methods === undefined) {
    return jsonReply(404, {
      error: `${request.path} is not known; there are ${Object.keys(PATHS).join(", ")}`,
    });
  }
  const answer = methods[request.method];
  if (answer !== undefined) return answer(context, request);
  const allowed = Object.keys(methods).join(", ");
  return jsonReply(
    405,
    { error: `${request.method} is not accepted at ${request.path}; use ${allowed}` },
    { Allow: allowed },
  );
}

function addFault({ faults, act }: ControlContext, { body }: ControlRequest): Reply {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(body).toString("utf8"));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return refusal(`the body is not JSON: ${reason}`);
  }
  const reading = readFaultRequest(value);
  if (reading.kind === "refused") return refusal(reading.reason);
  if (reading.kind === "action") {
    return jsonReply(200, { environments: act(reading.action, reading.functionName) });
  }
  const id = faults.add(reading.order);
  if (id !== undefined) return jsonReply(201, { id });
  return jsonReply(429, {
    error: `There are too many faults; DELETE ${FAULTS_PATH} takes them back.`,
  });
}

function deleteFaults({ faults }: ControlContext, { query }: ControlRequest): Reply {
  const id = query.get("id");
  if (id === null) return jsonReply(200, { deleted: faults.clear() });
  if (faults.delete(id)) return jsonReply(200, { deleted: 1 });
  return jsonReply(404, {
    error: `There is no fault "${id}"; GET ${FAULTS_PATH} lists those that there are.`,
  });
}

function refusal(reason: string): Reply {
  return jsonReply(400, { error: `${reason}. Nothing was changed.` });
}
