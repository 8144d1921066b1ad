import { readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** Sleeps for `wait` seconds between two lines of its log. */
export const handler = async (event) => {
  console.log("starting wait");
  await sleep(event.wait * 1000);
  console.log("done waiting");
};

/** Sleeps, then tells of the variant that it was started with. */
export const returnsVariant = async (event, context) => {
  console.log(`starting ${event.request_prefix}`);
  await sleep(event.sleep_seconds * 1000);
  return {
    function_version: context.functionVersion,
    request_id: context.awsRequestId,
    request_prefix: event.request_prefix,
    function_variant: process.env.FUNCTION_VARIANT,
  };
};

const file = join(tmpdir(), "kept.txt");
let number = 0;

/** Keeps a text in a file and a number in the process. */
export const keeps = async (event) => {
  if (event["write-file"] !== undefined) writeFileSync(file, event["write-file"]);
  if (event["read-file"]) return { content: readFileSync(file, "utf8") };
  if (event["set-number"] !== undefined) number = event["set-number"];
  if (event["read-number"]) return { number };
  if (event.sleep !== undefined) await sleep(event.sleep * 1000);
  return undefined;
};
