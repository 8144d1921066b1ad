import { setTimeout as sleep } from "node:timers/promises";

export const throws = async (event) => {
  throw Error(`Error: ${event.error_msg}`);
};

export const throwsString = async () => {
  throw "just a string";
};

export const exitsWithZero = async () => process.exit(0);

export const exitsWithSeven = async () => process.exit(7);

export const isKilled = async () => {
  process.kill(process.pid, "SIGKILL");
  await sleep(60_000);
};

/** Waits for a promise that nobody settles; nothing else keeps the event loop alive. */
export const waitsForNothing = async () => new Promise(() => {});

export const leavesRejection = async () => {
  void Promise.reject(Error("nobody handles this"));
  await sleep(200);
};

export const returnsCircle = async (event) => {
  if (event.isBigInt) return 1n;
  const circle = {};
  circle.self = circle;
  return circle;
};

export const takesCallback = async (_event, _context, _callback) => undefined;
