import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import type { Duplex } from "node:stream";
import { text } from "node:stream/consumers";

import { afterEach, describe, expect, test } from "vitest";

import { FRAME, type Frame, frame, FrameReader } from "../runtime-api/frames.cjs";

const CLIENT = JSON.stringify(path.join(import.meta.dirname, "runtime-client-channel.cjs"));

/** Far more than the system holds for a reader. */
const ANSWER_CHARS = 5_000_000;
const ANSWER_AND_EXIT = `
  setImmediate(async () => {
    setImmediate(() => process.exit(7));
    client.done("r-1", "a".repeat(${ANSWER_CHARS}));
    await 0;
    client.next();
  });`;

let child: ChildProcess | undefined;

afterEach(() => child?.kill("SIGKILL"));

/** Runs code with a client whose channel is descriptor 3. */
function run(code: string): { child: ChildProcess; channel: Duplex; output: Promise<string> } {
  const source = `const client = require(${CLIENT}).channelClient({ fd: 3 }); ${code}`;
  const started = spawn(process.execPath, ["-e", source], {
    stdio: ["ignore", "pipe", "inherit", "pipe"],
  });
  child = started;
  const output = started.stdout === null ? Promise.resolve("") : text(started.stdout);
  return { child: started, channel: started.stdio[3] as Duplex, output };
}

function makeReader(frames: Frame[]): FrameReader {
  const kinds = [FRAME.next, FRAME.response, FRAME.error];
  return new FrameReader((read) => frames.push(read), { kinds, bodyBytesMax: ANSWER_CHARS });
}

/** The frames of the first piece that comes. */
async function firstPiece(channel: Duplex): Promise<Frame[]> {
  const frames: Frame[] = [];
  const reader = makeReader(frames);
  const [chunk] = (await once(channel, "data")) as [Buffer];
  reader.push(chunk);
  return frames;
}

describe("channelClient", () => {
  test("sends an answer and the next after it in one piece", async () => {
    // aws-lambda-ric calls the two in this way: in one run of the microtasks after an immediate.
    const { channel } = run(
      `setImmediate(async () => { await 0; client.done("r%2F1", "ä"); await 0; client.next(); });`,
    );
    expect(await firstPiece(channel)).toEqual([
      { kind: FRAME.response, head: "r/1", body: Buffer.from("ä") },
      { kind: FRAME.next, head: "", body: Buffer.alloc(0) },
    ]);
  });

  test("sends an answer that no next follows, and lets the process end", async () => {
    const { channel, child: ended } = run(`client.error("r-1", "{}");`);
    expect(await firstPiece(channel)).toEqual([
      { kind: FRAME.error, head: "r-1", body: Buffer.from("{}") },
    ]);
    expect(await once(ended, "exit")).toEqual([0, null]);
  });

  test("sends an answer of five megabytes whole before a process ends that ends at once", async () => {
    const { channel, child: ended } = run(ANSWER_AND_EXIT);
    const exit = once(ended, "exit");
    const frames: Frame[] = [];
    const reader = makeReader(frames);
    for await (const chunk of channel) reader.push(chunk as Buffer);
    expect(frames.map(({ kind, body }) => [kind, body?.length])).toEqual([
      [FRAME.response, ANSWER_CHARS],
      [FRAME.next, 0],
    ]);
    expect(await exit).toEqual([7, null]);
  });

  test("gives up an answer when nobody is there to read it", async () => {
    const { channel, child: ended } = run(ANSWER_AND_EXIT);
    const exit = once(ended, "exit");
    await once(channel, "data");
    channel.destroy();
    expect(await exit).toEqual([7, null]);
  });

  test("keeps the process for a next, and gives it headers and body", async () => {
    const { channel, output } = run(
      "client.next().then(({ headers, bodyJson }) => console.log(headers.a, bodyJson));",
    );
    await firstPiece(channel);
    const bytes = frame(FRAME.event, { head: '{"a":"ü"}', body: "[1]" });
    for (const byte of bytes) channel.write(Uint8Array.of(byte));
    expect(await output).toBe("ü [1]\n");
  });

  test("rejects a next that is refused, and one whose channel ends", async () => {
    const code = "client.next().catch((error) => console.log(error.message));";
    const refused = run(code);
    await firstPiece(refused.channel);
    refused.channel.write(frame(FRAME.refusal, { head: "403" }));
    expect(await refused.output).toBe("Failed to get next invocation, error 403\n");
    const cut = run(code);
    await firstPiece(cut.channel);
    cut.channel.destroy();
    expect(await cut.output).toBe("Failed to get next invocation, error channel closed\n");
  });
});
