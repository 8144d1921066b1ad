import type { CaseValue, Expectation, Step } from "./case-file.ts";

/** The step with other parameters in its call. */
export function withParams(step: Step, params: Readonly<Record<string, CaseValue>>): Step {
  if (step.when === undefined) return step;
  return { ...step, when: { ...step.when, params: { ...step.when.params, ...params } } };
}

/** The step with another expectation, where it is the observation of that name. */
export function withValue(step: Step, observation: string, value: CaseValue): Step {
  return step.observe === observation ? expecting(step, { value }) : step;
}

/** The step with another body in its expectation, where it expects one. */
export function withBody(step: Step, change: (body: CaseValue) => CaseValue): Step {
  const body = step.then?.body;
  return body === undefined ? step : expecting(step, { body: change(body) });
}

function expecting(step: Step, change: Expectation): Step {
  // oxlint-disable-next-line unicorn/no-thenable -- the cases' own word, and nobody awaits a step
  return { ...step, then: { ...step.then, ...change } };
}
