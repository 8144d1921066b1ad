import { AwsError } from "../lambda/aws-error.ts";
import { failuresText } from "./constraints.ts";

/** An error of Scheduler; its bodies have `Message`, as recorded. */
export function schedulerError(type: string, statusCode: number, message: string): AwsError {
  return new AwsError(type, { statusCode, body: { Message: message } });
}

export function validationError(message: string): AwsError {
  return schedulerError("ValidationException", 400, message);
}

export function scheduleNotFound(name: string): AwsError {
  return schedulerError("ResourceNotFoundException", 404, `Schedule ${name} does not exist.`);
}

export function groupNotFound(name: string): AwsError {
  return schedulerError("ResourceNotFoundException", 404, `Schedule group ${name} does not exist.`);
}

/** @throws AwsError 400 where constraints of the service model are broken. */
export function refuseBroken(failures: readonly string[]): void {
  if (failures.length > 0) throw validationError(failuresText(failures));
}
