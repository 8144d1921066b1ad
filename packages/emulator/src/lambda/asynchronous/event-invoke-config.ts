import type { FunctionRecord } from "../function-record.ts";
import { isAliasName, LATEST } from "../names.ts";

/** How a function, a version or an alias handles its asynchronous events; what is absent has its default. */
export interface EventInvokeConfig {
  /** Version or alias that it is for. */
  readonly qualifier: string;
  readonly lastModifiedEpochMs: number;
  readonly maximumRetryAttempts: number | undefined;
  readonly maximumEventAgeSec: number | undefined;
  /** ARN of the destination for records of success. */
  readonly onSuccess: string | undefined;
  /** ARN of the destination for records of failure. */
  readonly onFailure: string | undefined;
}

/** The event invoke configurations of all functions; those of a function that is deleted go with it. */
export class EventInvokeConfigs {
  readonly #byFunction = new WeakMap<FunctionRecord, Map<string, EventInvokeConfig>>();

  find(record: FunctionRecord, qualifier: string = LATEST): EventInvokeConfig | undefined {
    return this.#existing(record).get(qualifier);
  }

  /** In the order of their qualifiers. */
  list(record: FunctionRecord): EventInvokeConfig[] {
    return [...this.#existing(record).values()].toSorted((a, b) =>
      a.qualifier < b.qualifier ? -1 : 1,
    );
  }

  put(record: FunctionRecord, config: EventInvokeConfig): void {
    this.#existing(record).set(config.qualifier, config);
  }

  /** @returns Whether there was one. */
  delete(record: FunctionRecord, qualifier: string): boolean {
    return this.#existing(record).delete(qualifier);
  }

  /** A version or an alias that was deleted has no configuration any more. */
  #existing(record: FunctionRecord): Map<string, EventInvokeConfig> {
    const configs = this.#byFunction.get(record) ?? new Map<string, EventInvokeConfig>();
    this.#byFunction.set(record, configs);
    for (const qualifier of configs.keys()) {
      if (!hasQualifier(record, qualifier)) configs.delete(qualifier);
    }
    return configs;
  }
}

/** Whether the function has such a version or alias. */
export function hasQualifier(record: FunctionRecord, qualifier: string): boolean {
  if (qualifier === LATEST) return true;
  return isAliasName(qualifier) ? record.aliases.has(qualifier) : record.versions.has(qualifier);
}
