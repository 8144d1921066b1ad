import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { VirtualClock } from "@pilotlight/core/testing";

import { listen } from "../../http/listen.ts";
import { readBody } from "../../http/read-body.ts";
import { sendReply } from "../../http/reply.ts";
import type { AwsService } from "../../service.ts";
import { AccountQueues } from "../account-queues.ts";
import { sqsService } from "../sqs-service.ts";

const cleanUps: (() => Promise<void> | void)[] = [];

/** Stops every server and removes every folder that a test has made. */
export async function stopQueueServers(): Promise<void> {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
}

/** An empty folder for queues' files. */
export function queueDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "pilotlight-sqs-"));
  cleanUps.push(() => rmSync(directory, { recursive: true }));
  return directory;
}

/** SQS alone on a port of its own, in virtual time. */
export async function startQueueServer({
  directory = queueDirectory(),
  clock = new VirtualClock(),
}: { directory?: string; clock?: VirtualClock } = {}) {
  const queues = new AccountQueues({ clock, directory });
  const server = await listen(answering(sqsService(queues)), { port: 0, variable: "none" });
  let isStopped = false;
  const stop = async (): Promise<void> => {
    if (isStopped) return;
    isStopped = true;
    queues.stop();
    await server.close();
    queues.close();
  };
  cleanUps.push(stop);
  return { url: server.url, queues, clock, directory, stop };
}

function answering(service: AwsService): Parameters<typeof listen>[0] {
  return async (request, response) => {
    const { method = "GET", url = "/", headers } = request;
    const { pathname: path, searchParams: query } = new URL(url, "http://127.0.0.1");
    const bytesMax = service.bodyBytesMax({ method, path });
    const reading = await readBody(request, { bytesMax, refusal: "at_once" });
    if (reading.kind === "aborted") return;
    const reply =
      reading.kind === "too_large"
        ? service.tooLarge({ method, path })
        : await service.answer({ method, path, query, headers, body: reading.bytes });
    sendReply(response, reply);
  };
}
