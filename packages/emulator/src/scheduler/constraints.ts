import { AwsError } from "../lambda/aws-error.ts";

/** A JSON object of a request, its members not looked at yet. */
export type Members = Readonly<Record<string, unknown>>;

export function isMembers(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

interface TextConstraints {
  readonly required?: boolean;
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: { readonly regExp: RegExp; readonly text: string };
  readonly values?: readonly string[];
}

/**
 * Checks the members of a request against the service model, and words what is wrong as the services do.
 *
 * A member that has another type than the model's ends the check at once: the request cannot be read.
 */
export class Constraints {
  readonly #members: Members;
  readonly #prefix: string;
  readonly #failures: string[];

  /** @param prefix - Where the members stand in the request: `target.` */
  constructor(members: Members, prefix = "", failures: string[] = []) {
    this.#members = members;
    this.#prefix = prefix;
    this.#failures = failures;
  }

  /** Sentences of AWS, one for each constraint that is broken. */
  get failures(): readonly string[] {
    return this.#failures;
  }

  text(name: string, constraints: TextConstraints = {}): string | undefined {
    const value = this.#member(name, "string", constraints.required) as string | undefined;
    if (value === undefined) return undefined;
    const { min = 0, max = Number.POSITIVE_INFINITY, pattern, values } = constraints;
    if (values !== undefined && !values.includes(value)) {
      this.#fail(name, value, `Member must satisfy enum value set: [${values.join(", ")}]`);
    }
    if (value.length < min) {
      this.#fail(name, value, `Member must have length greater than or equal to ${min}`);
    }
    if (value.length > max) {
      this.#fail(name, value, `Member must have length less than or equal to ${max}`);
    }
    if (pattern !== undefined && !pattern.regExp.test(value)) {
      this.#fail(name, value, `Member must satisfy regular expression pattern: ${pattern.text}`);
    }
    return value;
  }

  integer(name: string, { min, max }: { min: number; max: number }): number | undefined {
    const value = this.#member(name, "number", false) as number | undefined;
    if (value === undefined) return undefined;
    if (!Number.isInteger(value)) throw unreadable(`${name} must be an integer`);
    if (value < min) {
      this.#fail(name, value, `Member must have value greater than or equal to ${min}`);
    }
    if (value > max) this.#fail(name, value, `Member must have value less than or equal to ${max}`);
    return value;
  }

  /** @returns Epoch milliseconds of a member that is a number of seconds, or a text as ISO 8601 has it. */
  timestampMs(name: string): number | undefined {
    const value = this.#members[name];
    if (value === undefined || value === null) return undefined;
    const ms = typeof value === "number" ? Math.round(value * 1000) : Date.parse(textOf(value));
    if (Number.isNaN(new Date(ms).getTime())) throw unreadable(`${name} must be a timestamp`);
    return ms;
  }

  boolean(name: string): boolean | undefined {
    return this.#member(name, "boolean", false) as boolean | undefined;
  }

  /** The check of a member that is a structure; `undefined` where it is absent. */
  structure(name: string, { required = false } = {}): Constraints | undefined {
    const value = this.#member(name, "object", required);
    return value === undefined
      ? undefined
      : new Constraints(value as Members, `${this.#path(name)}.`, this.#failures);
  }

  /** Checks a member that is a map to texts. */
  texts(name: string): void {
    const map = this.structure(name);
    if (map === undefined) return;
    for (const key of Object.keys(map.#members)) map.text(key);
  }

  list(
    name: string,
    { required = false, min = 0, max = Number.POSITIVE_INFINITY } = {},
  ): unknown[] {
    const value = this.#members[name];
    if (value === undefined || value === null) {
      if (required) this.#fail(name, null, "Member must not be null");
      return [];
    }
    if (!Array.isArray(value)) throw unreadable(`${name} must be a list`);
    if (value.length < min) {
      this.#fail(name, value, `Member must have length greater than or equal to ${min}`);
    }
    if (value.length > max) {
      this.#fail(name, value, `Member must have length less than or equal to ${max}`);
    }
    return value;
  }

  /** The checks of the members of a list of structures. */
  structures(name: string, bounds: { required?: boolean; min?: number; max?: number } = {}) {
    return this.list(name, bounds).map((item, index) => {
      if (!isMembers(item)) throw unreadable(`${name} must be a list of structures`);
      const prefix = `${this.#path(name)}.${index + 1}.member.`;
      return { members: item, check: new Constraints(item, prefix, this.#failures) };
    });
  }

  #member(name: string, type: "string" | "number" | "boolean" | "object", required = false) {
    const value = this.#members[name];
    if (value === undefined || value === null) {
      if (required) this.#fail(name, null, "Member must not be null");
      return undefined;
    }
    const matches = type === "object" ? isMembers(value) : typeof value === type;
    if (!matches) throw unreadable(`${name} must be a ${type}`);
    return value;
  }

  #fail(name: string, value: unknown, constraint: string): void {
    const shown = value === null ? "null" : `'${textOf(value)}'`;
    const verb = "failed to satisfy constraint:";
    this.#failures.push(`Value ${shown} at '${this.#path(name)}' ${verb} ${constraint}`);
  }

  #path(name: string): string {
    return this.#prefix + name.charAt(0).toLowerCase() + name.slice(1);
  }
}

/** The text of a ValidationException for constraints of the service model that are broken. */
export function failuresText(failures: readonly string[]): string {
  const noun = failures.length === 1 ? "error" : "errors";
  return `${failures.length} validation ${noun} detected: ${failures.join("; ")}`;
}

function unreadable(message: string): AwsError {
  return new AwsError("SerializationException", { statusCode: 400, body: { message } });
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
