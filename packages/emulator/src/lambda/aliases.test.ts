import { seededRandom } from "@pilotlight/core/testing";
import { afterEach, describe, expect, test } from "vitest";

import {
  ARN,
  FUNCTIONS,
  newFunction,
  startScriptedEmulator as start,
  stopScriptedEmulators,
} from "../testing/scripted-emulator.ts";
import { FunctionStore } from "./function-store.ts";

afterEach(stopScriptedEmulators);

const ALIASES = `${FUNCTIONS}/echo/aliases`;
const weights = (given: Record<string, number>) => ({
  RoutingConfig: { AdditionalVersionWeights: given },
});

/** A function `echo` with the versions 1 and 2, and an alias `live` on version 1. */
async function withTwoVersions() {
  const emulator = await start();
  const { call, clock } = emulator;
  await call(`POST ${FUNCTIONS}`, newFunction("echo", { Publish: true }));
  await call(`PUT ${FUNCTIONS}/echo/configuration`, { Description: "second" });
  clock.advanceMs(1_000);
  await call(`POST ${FUNCTIONS}/echo/versions`);
  await call(`POST ${ALIASES}`, { Name: "live", FunctionVersion: "1" });
  return emulator;
}

const ranOn = ({ headers }: { headers: Headers }) => headers.get("x-amz-executed-version");

describe("aliases over the Lambda API", () => {
  test("moves with the next request, and runs either version by its weight", async () => {
    const { call } = await withTwoVersions();
    const invoke = () => call(`POST ${FUNCTIONS}/echo:live/invocations`, {});
    expect(ranOn(await invoke())).toBe("1");
    await call(`PUT ${ALIASES}/live`, weights({ "2": 1 }));
    expect(ranOn(await invoke())).toBe("2");
    await call(`PUT ${ALIASES}/live`, weights({ "2": 0 }));
    expect(ranOn(await invoke())).toBe("1");
    await call(`PUT ${ALIASES}/live`, { FunctionVersion: "2", ...weights({}) });
    expect(ranOn(await invoke())).toBe("2");
  });

  test("keeps the weights of an alias when an update does not name them", async () => {
    const { call } = await withTwoVersions();
    await call(`PUT ${ALIASES}/live`, weights({ "2": 0.25 }));
    const described = await call(`PUT ${ALIASES}/live`, { Description: "both" });
    expect(described.body).toMatchObject({ Description: "both", ...weights({ "2": 0.25 }) });
    const moved = await call(`PUT ${ALIASES}/live`, { FunctionVersion: "2" });
    expect(moved).toMatchObject({ status: 400, errorType: "InvalidParameterValueException" });
  });

  test("keeps a version that an alias points at, by weight too", async () => {
    const { call } = await withTwoVersions();
    await call(`POST ${ALIASES}`, { Name: "both", FunctionVersion: "1", ...weights({ "2": 0.5 }) });
    const refused = await call(`DELETE ${FUNCTIONS}/echo?Qualifier=1`);
    expect(refused).toMatchObject({ status: 409, errorType: "ResourceConflictException" });
    expect(refused.body["message"]).toBe(
      "Unable to delete version because the following aliases reference it: [live, both]",
    );
    expect((await call(`DELETE ${FUNCTIONS}/echo?Qualifier=2`)).status).toBe(409);
    await call(`DELETE ${ALIASES}/both`);
    expect((await call(`DELETE ${FUNCTIONS}/echo?Qualifier=2`)).status).toBe(204);
    expect((await call(`DELETE ${FUNCTIONS}/echo?Qualifier=99`)).status).toBe(204);
  });

  test("lists the aliases that send requests to one version, page by page", async () => {
    const { call } = await withTwoVersions();
    for (const Name of ["a", "b"]) {
      await call(`POST ${ALIASES}`, { Name, FunctionVersion: "2" });
    }
    const names = (body: Record<string, unknown>) =>
      (body["Aliases"] as { Name: string }[]).map(({ Name }) => Name);
    expect(names((await call(`GET ${ALIASES}?FunctionVersion=2`)).body)).toEqual(["a", "b"]);
    const first = (await call(`GET ${ALIASES}?MaxItems=2`)).body;
    expect(names(first)).toEqual(["a", "b"]);
    const marker = String(first["NextMarker"]);
    const rest = (await call(`GET ${ALIASES}?MaxItems=2&Marker=${marker}`)).body;
    expect([names(rest), rest["NextMarker"]]).toEqual([["live"], undefined]);
  });

  test("refuses an update of an alias that is not there, and one with an old revision", async () => {
    const { call } = await withTwoVersions();
    const absent = await call(`PUT ${ALIASES}/absent`, { FunctionVersion: "1" });
    expect(absent.body["Message"]).toBe(`Alias not found: ${ARN}echo:absent`);
    const old = await call(`PUT ${ALIASES}/live`, { RevisionId: "old" });
    expect(old).toMatchObject({ status: 412, errorType: "PreconditionFailedException" });
  });
});

describe("FunctionStore", () => {
  test("chooses between the versions of an alias by the random numbers that it is given", () => {
    const store = new FunctionStore({
      clock: { epochMs: () => 0, monotonicMs: () => 0, after: () => () => undefined },
      random: seededRandom(3),
      onRetired: () => undefined,
    });
    const record = store.create("echo", { settings: SETTINGS, code: CODE });
    store.publish(record);
    record.latest = { ...record.latest, settings: { ...SETTINGS, description: "second" } };
    store.publish(record);
    const routing = { version: "2", weight: 0.5 };
    store.putAlias(record, { name: "live", functionVersion: "1", description: "", routing });
    const reference = { name: "echo", qualifier: "live" };
    const seen = Array.from({ length: 50 }, () => store.target(reference).record.version);
    expect(new Set(seen)).toEqual(new Set(["1", "2"]));
    // What is shown of an alias is always its first version.
    expect(store.resolve(reference).version).toBe("1");
  });
});

const SETTINGS = {
  description: "",
  handler: "index.handler",
  runtime: "nodejs24.x",
  role: "arn:aws:iam::000000000000:role/any",
  memoryMb: 128,
  timeoutSec: 3,
  architecture: "x86_64",
  variables: {},
  ephemeralStorageMb: 512,
  nodePath: [],
} as const;

const CODE = { directory: "/nowhere", sha256: "", sizeBytes: 0, isOwned: false };
