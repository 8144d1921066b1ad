import { AwsError } from "../lambda/aws-error.ts";
import { failuresText } from "../scheduler/constraints.ts";

/** An error of EventBridge; all of the caller's have status 400. */
export function eventsError(type: string, message: string): AwsError {
  return new AwsError(type, { statusCode: 400, body: { message } });
}

export function validationError(message: string): AwsError {
  return eventsError("ValidationException", message);
}

export function notFound(message: string): AwsError {
  return eventsError("ResourceNotFoundException", message);
}

/** For a number of rules, targets or buses that is one too many. */
export function limitExceeded(): AwsError {
  return eventsError(
    "LimitExceededException",
    "The requested resource exceeds the maximum number allowed.",
  );
}

/** @throws AwsError 400 where constraints of the service model are broken. */
export function refuseBroken(failures: readonly string[]): void {
  if (failures.length > 0) throw validationError(failuresText(failures));
}
