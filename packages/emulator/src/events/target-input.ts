import { type BusEvent, envelopeOf, eventText, isoSeconds } from "./event.ts";
import { parseJsonPath, valueAt } from "./json-path.ts";
import type { InputTransformer, TargetRecord } from "./rule-record.ts";

/** What a target's input is made of, beside the event. */
interface InputSources {
  readonly ruleName: string;
  readonly ruleArn: string;
  readonly nowMs: number;
}

/** What a target gets for an event: the event, a constant, a part of it, or a template filled in. */
export function targetInput(
  event: BusEvent,
  target: Pick<TargetRecord, "Input" | "InputPath" | "InputTransformer">,
  sources: InputSources,
): string {
  if (target.Input !== undefined) return target.Input;
  const whole = eventText(event);
  if (target.InputPath !== undefined) {
    const part = valueAt(JSON.parse(whole), parseJsonPath(target.InputPath) ?? []);
    return JSON.stringify(part ?? null);
  }
  if (target.InputTransformer === undefined) return whole;
  return filled(target.InputTransformer, {
    root: JSON.parse(whole) as unknown,
    reserved: {
      "aws.events.rule-name": sources.ruleName,
      "aws.events.rule-arn": sources.ruleArn,
      "aws.events.event.ingestion-time": isoSeconds(sources.nowMs),
      "aws.events.event": envelopeOf(event),
      "aws.events.event.json": JSON.parse(whole) as unknown,
    },
  });
}

/**
 * Fills the template's `<names>`.
 *
 * A name within quotes becomes text; one outside of quotes becomes JSON, with its own quotes where it is a text.
 *
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html, read 2026-11-24
 */
function filled(
  { InputPathsMap = {}, InputTemplate }: InputTransformer,
  { root, reserved }: { root: unknown; reserved: Readonly<Record<string, unknown>> },
): string {
  const valueOf = (name: string): { readonly value: unknown } | undefined => {
    if (Object.hasOwn(reserved, name)) return { value: reserved[name] };
    const path = Object.hasOwn(InputPathsMap, name) ? InputPathsMap[name] : undefined;
    if (path === undefined) return undefined;
    return { value: valueAt(root, parseJsonPath(path) ?? []) ?? "" };
  };
  let isQuoted = false;
  return InputTemplate.replaceAll(/\\.|"|<([A-Za-z0-9_.-]+)>/gs, (match, name?: string) => {
    if (match === '"') isQuoted = !isQuoted;
    const found = name === undefined ? undefined : valueOf(name);
    if (found === undefined) return match;
    const json = JSON.stringify(found.value);
    if (!isQuoted) return json;
    return typeof found.value === "string" ? json.slice(1, -1) : JSON.stringify(json).slice(1, -1);
  });
}
