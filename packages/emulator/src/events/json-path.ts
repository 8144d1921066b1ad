/** A path from the root `$`, its steps names and indices, or `undefined` where it is not one of EventBridge's. */
export function parseJsonPath(path: string): readonly (string | number)[] | undefined {
  if (!/^\$(?:\.[^.[\]'"\s]+|\[\d+\])*$/.test(path)) return undefined;
  return (path.slice(1).match(/[^.[\]]+|\[\d+\]/g) ?? []).map((step) =>
    step.startsWith("[") ? Number(step.slice(1, -1)) : step,
  );
}

/** What stands at a path; `undefined` where nothing does. */
export function valueAt(root: unknown, steps: readonly (string | number)[]): unknown {
  let value = root;
  for (const step of steps) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, step)) {
      return undefined;
    }
    value = (value as Record<string | number, unknown>)[step];
  }
  return value;
}
