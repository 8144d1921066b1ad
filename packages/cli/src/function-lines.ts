import { ERROR_CATALOG } from "@pilotlight/core";

/** One line of a function's log. */
interface FunctionLine {
  readonly functionName: string;
  readonly environmentId: string;
  readonly line: string;
}

/** The platform's own lines (START, END, REPORT, INIT_START, INIT_REPORT) say nothing that the request's line does not. */
const PLATFORM_LINE = /^(START|END|REPORT|INIT_START|INIT_REPORT)\b/;

/** What AWS's runtime client prints when the init phase throws: time, no request, level, and the error as JSON. */
const INIT_ERROR = /^\S+\t\S*\tERROR\tInit Error\s*\t(\{.*\})\s*$/;

/** The first and the last line of what Node prints of an uncaught error. */
const DUMP_BEGIN = /^(node:|file:\/\/)\S+:\d+$/;
const DUMP_END = /^Node\.js v\d+/;

/** Environments whose init failed and whose last line is still awaited; more than that have been forgotten. */
const FAILED_MAX = 256;

/** Where the log of an environment is after its init phase failed with an error of ours. */
type FailedPhase = "announced" | "dumping";

/**
 * Prints what people want to read of functions' logs: every line that the functions write themselves.
 *
 * An init phase that fails with an error of ours is one line, its message: the runtime client writes the same
 * error with its stack, and Node writes it once more when the process ends.
 */
export class FunctionLines {
  readonly #print: (line: string) => void;
  readonly #failed = new Map<string, FailedPhase>();

  constructor(print: (line: string) => void) {
    this.#print = print;
  }

  note({ functionName, environmentId, line }: FunctionLine): void {
    const text = line.trimEnd();
    if (PLATFORM_LINE.test(text) || this.#isDump(environmentId, text)) return;
    const message = ownInitError(text);
    if (message !== undefined) this.#expectDump(environmentId);
    this.#print(`  ${functionName}: ${message ?? text}`);
  }

  #isDump(environmentId: string, text: string): boolean {
    const phase = this.#failed.get(environmentId);
    if (phase === undefined) return false;
    if (phase === "announced" && !DUMP_BEGIN.test(text)) return false;
    if (DUMP_END.test(text)) this.#failed.delete(environmentId);
    else this.#failed.set(environmentId, "dumping");
    return true;
  }

  #expectDump(environmentId: string): void {
    if (this.#failed.size >= FAILED_MAX) this.#failed.clear();
    this.#failed.set(environmentId, "announced");
  }
}

/** Code and message of an init error of ours; nothing for any other line. */
function ownInitError(text: string): string | undefined {
  const [, json] = INIT_ERROR.exec(text) ?? [];
  if (json === undefined) return undefined;
  const error = parsed(json);
  const { errorType, errorMessage } = error;
  if (typeof errorType !== "string" || !Object.hasOwn(ERROR_CATALOG, errorType)) return undefined;
  return `${errorType}: ${String(errorMessage)}`;
}

function parsed(json: string): { errorType?: unknown; errorMessage?: unknown } {
  try {
    return JSON.parse(json) as object;
  } catch (error) {
    // A function may print what merely looks like it.
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}
