import type { Clock } from "@pilotlight/core";

import { jsonReply, type Reply } from "../../http/reply.ts";
import { calledFunction, type Call } from "../api-request.ts";
import { AwsError, invalidParameter, resourceNotFound, validationFailed } from "../aws-error.ts";
import { integerMember, parseMembers } from "../function-input.ts";
import type { FunctionStore } from "../function-store.ts";
import { functionArn, LATEST } from "../names.ts";
import { type Route, route } from "../route.ts";
import type { ConcurrencyLedger } from "./ledger.ts";

/** What the operations on reserved concurrency work with. */
export interface ReservedContext {
  readonly store: FunctionStore;
  readonly ledger: ConcurrencyLedger;
  /** Service time. */
  readonly clock: Clock;
}

export const RESERVED_ROUTES: readonly Route<ReservedContext>[] = [
  route(
    "PUT /2017-10-31/functions/*/concurrency",
    "PutFunctionConcurrency",
    putFunctionConcurrency,
  ),
  route(
    "GET /2019-09-30/functions/*/concurrency",
    "GetFunctionConcurrency",
    getFunctionConcurrency,
  ),
  route(
    "DELETE /2017-10-31/functions/*/concurrency",
    "DeleteFunctionConcurrency",
    deleteFunctionConcurrency,
  ),
];

/** `Concurrency` as GetFunction and the operations of this file answer it; empty without a reservation. */
export function reservedMembers(ledger: ConcurrencyLedger, functionName: string): object {
  const reserved = ledger.find(functionName)?.reserved;
  return reserved === undefined ? {} : { ReservedConcurrentExecutions: reserved };
}

function putFunctionConcurrency({ store, ledger, clock }: ReservedContext, call: Call): Reply {
  const reserved = requestedReservation(call);
  const name = calledName(store, call);
  checkAgainstProvisioned(ledger, { name, reserved });
  checkAgainstAccount(ledger, { name, reserved });
  ledger.setReserved(name, reserved, clock.monotonicMs());
  return jsonReply(200, reservedMembers(ledger, name));
}

function getFunctionConcurrency({ store, ledger }: ReservedContext, call: Call): Reply {
  return jsonReply(200, reservedMembers(ledger, calledName(store, call)));
}

function deleteFunctionConcurrency({ store, ledger, clock }: ReservedContext, call: Call): Reply {
  ledger.setReserved(calledName(store, call), undefined, clock.monotonicMs());
  return { statusCode: 204, headers: {}, body: "" };
}

function requestedReservation({ body }: Call): number {
  const reserved = integerMember(parseMembers(body), "ReservedConcurrentExecutions");
  if (reserved === undefined) {
    throw validationFailed([
      "Value null at 'reservedConcurrentExecutions' failed to satisfy constraint: Member must not be null",
    ]);
  }
  if (reserved >= 0) return reserved;
  throw validationFailed([
    `Value '${reserved}' at 'reservedConcurrentExecutions' failed to satisfy constraint: Member must have value greater than or equal to 0`,
  ]);
}

function calledName(store: FunctionStore, call: Call): string {
  const { name, qualifier } = calledFunction(call);
  if (qualifier !== undefined) {
    throw invalidParameter(
      "This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. Please specify either a function name or an unqualified function ARN.",
    );
  }
  if (store.find(name) !== undefined) return name;
  throw resourceNotFound(`Function not found: ${functionArn(name, LATEST)}`);
}

function checkAgainstProvisioned(
  ledger: ConcurrencyLedger,
  { name, reserved }: { name: string; reserved: number },
): void {
  const claim = ledger.claimOf(name);
  if (claim === 0 || reserved >= claim) return;
  // The spaces are AWS's own.
  throw untypedInvalidParameter(
    ` ReservedConcurrentExecutions  ${reserved} should not be lower than function's total provisioned concurrency [${claim}].`,
  );
}

function checkAgainstAccount(
  ledger: ConcurrencyLedger,
  { name, reserved }: { name: string; reserved: number },
): void {
  const account = ledger.find(name);
  const own = account?.reserved ?? account?.charged ?? 0;
  // Giving something back is possible in any account, and so is stopping a function.
  if (reserved <= own || ledger.unreserved + own - reserved >= ledger.unreservedMin) return;
  throw untypedInvalidParameter(
    `Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [${ledger.unreservedMin}].`,
  );
}

/** 400 without the member Type: AWS leaves it out where the account's limits are concerned. */
export function untypedInvalidParameter(message: string): AwsError {
  return new AwsError("InvalidParameterValueException", { statusCode: 400, body: { message } });
}
