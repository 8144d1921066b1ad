import { afterAll, describe, expect, test, vi } from "vitest";

import { HurriedClock } from "./testing/hurried-clock.ts";
import { RecordingSink } from "./testing/recording-sink.ts";
import { endFunctions, exited, start } from "./testing/started-functions.ts";

// Each test starts processes, and the machine may be busy with others.
vi.setConfig({ testTimeout: 30_000, expect: { poll: { timeout: 10_000 } } });

afterAll(endFunctions);

const CODE = `
  import { setTimeout as wait } from "node:timers/promises";
  export const handler = awslambda.streamifyResponse(async (event, stream) => {
    if (event.contentType) stream.setContentType(event.contentType);
    if (event.bytes) {
      let count = 0;
      while (count < event.bytes) {
        const isRoom = stream.write(Buffer.alloc(65_536, "x"));
        count += 65_536;
        console.log("written", count);
        if (!isRoom) await new Promise((room) => stream.once("drain", room));
      }
      return stream.end();
    }
    stream.write("first, ");
    if (event.wait) await wait(event.wait);
    if (event.exit) setTimeout(() => process.exit(event.exit), 50), await wait(9999);
    if (event.fail) throw new TypeError("midway");
    stream.write("second");
    stream.end();
  });`;

/** The runtime always streams by HTTP; it asks for events over its channel, or behind a wrapper by HTTP. */
const WAYS = [
  ["its channel", {}],
  ["HTTP, behind a wrapper", { AWS_LAMBDA_EXEC_WRAPPER: "/usr/bin/env" }],
] as const;

describe.concurrent.each(WAYS)(
  "a response that is streamed by a runtime that uses %s",
  (_way, variables) => {
    test("goes into the sink part by part, and the outcome says so", async () => {
      const f = await start(CODE, { variables });
      await f.idle();
      const sink = new RecordingSink();
      const invoking = f.invoke({ contentType: "text/plain", wait: 200 }, { responseSink: sink });
      await sink.has("first, ");
      expect(f.environment.phase).toBe("invoking");
      expect(sink.text).toBe("first, ");
      expect(await invoking).toMatchObject({ isStreamed: true, isFunctionError: false, text: "" });
      expect([sink.contentType, sink.text]).toEqual(["text/plain", "first, second"]);
    });

    test("ends with the error of a function that fails midway", async () => {
      const f = await start(CODE, { variables });
      const sink = new RecordingSink();
      expect(await f.invoke({ fail: true }, { responseSink: sink })).toMatchObject({
        isStreamed: true,
        isFunctionError: true,
        value: { errorType: "TypeError", errorMessage: "midway" },
      });
      expect([sink.contentType, sink.text]).toEqual(["application/octet-stream", "first, "]);
      expect(await f.invoke({}, { responseSink: new RecordingSink() })).toMatchObject({
        isFunctionError: false,
        isColdStart: false,
      });
    });

    test("ends with the exit of a process that ends midway, after all that it has sent", async () => {
      const f = await start(CODE, { variables });
      const sink = new RecordingSink();
      expect(await f.invoke({ exit: 3 }, { responseSink: sink })).toMatchObject({
        isStreamed: true,
        isFunctionError: true,
        value: exited("r-1", "Runtime exited with error: exit status 3"),
      });
      expect(sink.text).toBe("first, ");
    });
  },
);

describe.concurrent("a streamed response", () => {
  test("ends with the timeout that comes midway, and nothing comes after it", async () => {
    const clock = new HurriedClock();
    const f = await start(CODE, { timeoutSec: 1, options: { clock } });
    await f.idle();
    const sink = new RecordingSink();
    const invoke = () => f.invoke({ wait: 5000 }, { responseSink: sink });
    expect(await clock.hurry(3, invoke)).toMatchObject({
      isStreamed: true,
      isFunctionError: true,
      value: { errorType: "Sandbox.Timedout" },
    });
    expect(sink.text).toBe("first, ");
    expect((await f.send({})).isFunctionError).toBe(false);
  });

  test("comes no faster than it is taken", async () => {
    const f = await start(CODE);
    const gate = Promise.withResolvers<void>();
    const sink = new RecordingSink(() => gate.promise);
    const bytes = 16_777_216;
    const invoking = f.invoke({ bytes }, { responseSink: sink });
    await sink.has("x");
    // The function stops where sockets and streams between are full, far from the end.
    let count = -1;
    while (count !== f.lines.length) {
      count = f.lines.length;
      await new Promise((done) => setTimeout(done, 100));
    }
    expect(f.lines.length).toBeLessThan(bytes / 65_536 - 50);
    expect(sink.parts).toHaveLength(1);
    gate.resolve();
    expect(await invoking).toMatchObject({ isStreamed: true, isFunctionError: false });
    expect(sink.bytes.length).toBe(bytes);
  });

  test("is read on for a caller that is gone", async () => {
    const f = await start(CODE);
    const sink = new RecordingSink(() => Promise.reject(new Error("gone")));
    expect(await f.invoke({ bytes: 1_048_576 }, { responseSink: sink })).toMatchObject({
      isStreamed: true,
      isFunctionError: false,
    });
    expect(sink.parts).toHaveLength(1);
  });

  test("does not keep the environment of a caller that takes nothing from being reset", async () => {
    const clock = new HurriedClock();
    const f = await start(CODE, { timeoutSec: 1, options: { clock } });
    await f.idle();
    const sink = new RecordingSink(() => new Promise(() => undefined));
    const invoke = () => f.invoke({ bytes: 16_777_216 }, { responseSink: sink });
    expect(await clock.hurry(3, invoke)).toMatchObject({
      value: { errorType: "Sandbox.Timedout" },
    });
    expect((await f.send({})).isFunctionError).toBe(false);
  });

  test("of a function that does not stream is answered in one piece", async () => {
    const f = await start("export const handler = async () => 1;");
    const sink = new RecordingSink();
    const outcome = await f.invoke({}, { responseSink: sink });
    expect(outcome.value).toBe(1);
    expect(outcome).not.toHaveProperty("isStreamed");
    expect([sink.contentType, sink.parts]).toEqual([undefined, []]);
  });
});
