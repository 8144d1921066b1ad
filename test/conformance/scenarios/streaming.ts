import type { ExpectStatic } from "vitest";

import type { CaseValue, Expectation } from "../case-file.ts";
import type { CaseRun } from "../case-run.ts";
import { packageOf, withWrapper } from "../deployment-package.ts";
import { eventually } from "../emulator-under-test.ts";
import type { HttpReply } from "../http-reply.ts";
import { mismatches } from "../matcher.ts";
import { FIRST_RESPONSE_PATH, type RecordedCall, RuntimeRecorder } from "../runtime-recorder.ts";
import type { Scenario } from "../scenario.ts";
import { StandIns } from "../stand-in.ts";

/** What AWS's runtime sends for streamed responses, and what a buffered Invoke makes of it. */
export const STREAMING_SCENARIOS: Readonly<Record<string, Scenario>> = {
  "node24-stream-wire": recorded("streaming.writesTwice", {
    event: { contentType: "text/plain" },
    after: async ({ reply, run, recorder }, expect) => {
      expect(reply.text).toBe("ab");
      await run.invoke();
      const calls = await responses(recorder, 2);
      expect(calls[1]?.headers["content-type"]).toBe("application/octet-stream");
    },
  }),
  "node24-stream-http-prelude": recorded("streaming.writesPrelude", {
    after: ({ reply }, expect) => expect(reply).toMatchObject({ status: 200 }),
  }),
  "node24-stream-midway-error": recorded("streaming.failsMidway", {
    after: async ({ call, reply, run }, expect) => {
      const error = String(call.trailers["lambda-runtime-function-error-body"]);
      const body: unknown = JSON.parse(Buffer.from(error, "base64").toString("utf8"));
      expect(body).toMatchObject({ errorType: "TypeError", errorMessage: "mid" });
      expect(reply).toMatchObject({ headers: { "x-amz-function-error": "Unhandled" } });
      // The runtime asks for the next event at once; had that been refused, its process had ended.
      const again = await run.invoke();
      expect(again.json).toMatchObject({ errorType: "TypeError" });
      const starts = run.emulator
        .log(run.functionName)
        .filter((line) => line.startsWith("INIT_START"));
      expect(starts).toHaveLength(1);
    },
  }),
};

interface Recording {
  readonly run: CaseRun;
  readonly recorder: RuntimeRecorder;
  /** The runtime's answer. */
  readonly call: RecordedCall;
  /** What the caller of Invoke gets. */
  readonly reply: HttpReply;
}

/** A scenario in which a recorder stands between AWS's runtime and the Runtime API. */
function recorded(
  handler: string,
  {
    event = {},
    after,
  }: {
    event?: object;
    after: (recording: Recording, expect: ExpectStatic) => Promise<void> | void;
  },
): Scenario {
  return {
    play: async (run) => {
      const standIns = new StandIns();
      const recorder = new RuntimeRecorder();
      try {
        const variables = {
          STAND_IN_URL: await standIns.listen(),
          RECORDER_ADDRESS: await recorder.listen(),
        };
        await run.emulator.create(run.functionName, {
          code: packageOf(handler),
          settings: withWrapper("recorded.sh", variables),
        });
        const between = `http://${variables.RECORDER_ADDRESS}${FIRST_RESPONSE_PATH}`;
        const invoking = run.invoke({ Payload: JSON.stringify({ ...event, between }) });
        const standIn = await standIns.next();
        recorder.passTo(standIn.runtimeApi);
        standIn.release();
        const reply = await invoking;
        const [call] = await responses(recorder, 1);
        if (call === undefined) return ["the runtime has sent no response"];
        const found = callMismatches(call, run);
        if (found.length === 0) await after({ run, recorder, call, reply }, run.expect);
        return found;
      } finally {
        await Promise.all([standIns.close(), recorder.close()]);
      }
    },
  };
}

function responses(recorder: RuntimeRecorder, count: number): Promise<RecordedCall[]> {
  return eventually(() => {
    const posted = recorder.calls.filter(({ path }) => path.endsWith("/response"));
    if (posted.length < count) throw new Error(`${posted.length} of ${count} responses`);
    return posted;
  });
}

function callMismatches(call: RecordedCall, run: CaseRun): string[] {
  const { then = {} } = run.file.steps[0] ?? {};
  const context = { bindings: run.bindings };
  return [
    ...Object.entries(headersOf(then)).flatMap(([name, expected]) => {
      const actual = name === "trailer" ? trailerNames(call) : call.headers[name];
      return mismatches({ actual, expected, path: `$.requestHeaders['${name}']` }, context);
    }),
    ...Object.entries(then.requestTrailers ?? {}).flatMap(([name, expected]) => {
      return mismatches(
        { actual: call.trailers[name], expected, path: `trailer ${name}` },
        context,
      );
    }),
    ...(then.requestBody === undefined
      ? []
      : mismatches(
          { actual: bodyFor(call, then.requestBody), expected: then.requestBody, path: "body" },
          context,
        )),
  ];
}

function headersOf({ requestHeaders = {} }: Expectation): Readonly<Record<string, CaseValue>> {
  return requestHeaders;
}

/** A header that comes twice is joined by Node; the case has its values apart. */
function trailerNames({ headers }: RecordedCall): string[] {
  return String(headers["trailer"]).split(/,\s*/);
}

/** A text is compared as a text, a constructor as bytes. */
function bodyFor({ body }: RecordedCall, expected: CaseValue): unknown {
  return typeof expected === "string" ? body.toString("utf8") : body;
}
