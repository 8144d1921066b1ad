import { setTimeout as sleep } from "node:timers/promises";

/** Sleeps for `wait` seconds and tells how its environment was started. */
export const handler = async ({ wait = 0 }) => {
  await sleep(wait * 1000);
  return process.env.AWS_LAMBDA_INITIALIZATION_TYPE;
};
