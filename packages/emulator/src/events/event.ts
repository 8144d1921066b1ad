import { ACCOUNT_ID, REGION } from "../lambda/names.ts";
import { isMembers } from "../scheduler/constraints.ts";

/** An event on a bus. */
export interface BusEvent {
  readonly id: string;
  readonly detailType: string;
  readonly source: string;
  readonly timeMs: number;
  readonly resources: readonly string[];
  /** JSON text of an object. */
  readonly detail: string;
  readonly traceId?: string;
  /** Whether a rule of another bus has sent it: it is not sent to a third. */
  readonly isForwarded?: boolean;
}

/** Time as events carry it: whole seconds. */
export function isoSeconds(epochMs: number): string {
  return `${new Date(epochMs).toISOString().slice(0, 19)}Z`;
}

/**
 * The event as its targets get it, without its detail.
 *
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html, read 2026-11-24
 */
export function envelopeOf(event: BusEvent): Readonly<Record<string, unknown>> {
  return {
    version: "0",
    id: event.id,
    "detail-type": event.detailType,
    source: event.source,
    account: ACCOUNT_ID,
    time: isoSeconds(event.timeMs),
    region: REGION,
    resources: event.resources,
  };
}

/** The whole event as JSON; its detail is not changed, to the last digit of a number. */
export function eventText(event: BusEvent): string {
  return `${JSON.stringify(envelopeOf(event)).slice(0, -1)},"detail":${event.detail}}`;
}

/** Whether a text is a JSON object, as the detail of an event must be. */
export function isObjectText(text: string): boolean {
  try {
    return isMembers(JSON.parse(text));
  } catch {
    // What is not JSON is refused as malformed; the reason is not part of AWS's answer.
    return false;
  }
}
