import type { CaseValue, Expectation, Step } from "./case-file.ts";

/** The step with other parameters in its call. */
export function withParams(step: Step, params: Readonly<Record<string, CaseValue>>): Step {
  if (step.when === undefined) return step;
  return { ...step, when: { ...step.when, params: { ...step.when.params, ...params } } };
}

/** The step with another value, where it observes one. */
export function withValue(step: Step, change: (value: CaseValue) => CaseValue): Step {
  const value = step.then?.value;
  return value === undefined ? step : expecting(step, { value: change(value) });
}

/** The step with other texts in what it expects of a body or an observation. */
export function withTexts(step: Step, change: (text: string) => string): Step {
  const { body, value } = step.then ?? {};
  return expecting(step, {
    ...(body !== undefined && { body: inTexts(body, change) }),
    ...(value !== undefined && { value: inTexts(value, change) }),
  });
}

/** The step with another body in its expectation, where it expects one. */
export function withBody(step: Step, change: (body: CaseValue) => CaseValue): Step {
  const body = step.then?.body;
  return body === undefined ? step : expecting(step, { body: change(body) });
}

/** The step as one that must end with the status, though the case expects nothing of it. */
export function withStatus(step: Step, status: number): Step {
  return { ...expecting(step, { status }), setup: false };
}

function inTexts(value: CaseValue, change: (text: string) => string): CaseValue {
  if (typeof value === "string") return change(value);
  if (Array.isArray(value)) return value.map((item: CaseValue) => inTexts(item, change));
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value as Readonly<Record<string, CaseValue>>);
  return Object.fromEntries(members.map(([key, member]) => [key, inTexts(member, change)]));
}

function expecting(step: Step, change: Expectation): Step {
  // oxlint-disable-next-line unicorn/no-thenable -- the cases' own word, and nobody awaits a step
  return { ...step, then: { ...step.then, ...change } };
}
