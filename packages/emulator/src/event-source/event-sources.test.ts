import { readFileSync, writeFileSync } from "node:fs";
import { setImmediate } from "node:timers/promises";

import { PilotlightError } from "@pilotlight/core";
import { afterEach, describe, expect, test } from "vitest";

import {
  account,
  FUNCTION,
  members,
  QUEUE,
  refusal,
  removeAccounts,
  uuidOf,
} from "./testing/account.ts";
import { SUCCEEDED } from "./testing/fake-function.ts";

afterEach(removeAccounts);

describe("EventSources", () => {
  test("moves through AWS's states on the service clock", () => {
    const { sources, clock } = account({ settleMs: 1_000 });
    const body = sources.create(members());
    const uuid = uuidOf(body);
    const states = [body["State"], sources.get(uuid).phase];
    clock.advanceMs(1_000);
    states.push(sources.get(uuid).phase);
    for (const change of [
      { BatchSize: 5 },
      { Enabled: false },
      { BatchSize: 6 },
      { Enabled: true },
    ]) {
      states.push(sources.update(uuid, change)["State"]);
      clock.advanceMs(1_000);
      states.push(sources.get(uuid).phase);
    }
    states.push(sources.delete(uuid)["State"], sources.get(uuid).phase);
    clock.advanceMs(1_000);
    expect(states).toEqual([
      "Creating",
      "creating",
      "enabled",
      "Updating",
      "enabled",
      "Disabling",
      "disabled",
      "Updating",
      "disabled",
      "Enabling",
      "enabled",
      "Deleting",
      "deleting",
    ]);
    expect(refusal(() => sources.get(uuid)).type).toBe("ResourceNotFoundException");
  });

  test("refuses a request while the one before it has not ended", () => {
    const { sources } = account({ settleMs: 1_000 });
    const uuid = uuidOf(sources.create(members()));
    expect(refusal(() => sources.update(uuid, { BatchSize: 1 }))).toEqual({
      type: "ResourceInUseException",
      message: "Cannot update the event source mapping because it is in use.",
    });
    expect(refusal(() => sources.delete(uuid)).message).toBe(
      "Cannot delete the event source mapping because it is in use.",
    );
    expect(sources.get(uuid).settings.batchSize).toBe(10);
  });

  test("takes messages while it is enabled, and none before, after or in between", async () => {
    const { sources, queue, consumer } = account();
    consumer.respond = () => SUCCEEDED;
    const uuid = uuidOf(sources.create(members({ Enabled: false })));
    queue.put("one");
    await setImmediate();
    expect(consumer.calls).toHaveLength(0);

    sources.update(uuid, { Enabled: true });
    await setImmediate();
    expect(consumer.calls).toHaveLength(1);

    sources.update(uuid, { Enabled: false });
    queue.put("two");
    await setImmediate();
    sources.update(uuid, { Enabled: true, BatchSize: 3 });
    await setImmediate();
    expect(consumer.calls).toHaveLength(2);

    sources.delete(uuid);
    const left = queue.put("three");
    await setImmediate();
    expect(consumer.calls).toHaveLength(2);
    expect(queue.visibleIds).toEqual([left]);
    await sources.end();
  });

  test("keeps its mappings over a restart; they wait for their function", async () => {
    const { sources, queue, consumer, start, clock } = account();
    consumer.respond = () => SUCCEEDED;
    const kept = uuidOf(sources.create(members({ BatchSize: 7 })));
    sources.update(kept, { FunctionResponseTypes: ["ReportBatchItemFailures"] });
    const gone = uuidOf(sources.create(members({ FunctionName: "consumer:$LATEST" })));
    sources.delete(gone);
    await sources.end();

    consumer.isThere = false;
    const id = queue.put("one");
    const restarted = start();
    expect(restarted.list()).toMatchObject([
      { uuid: kept, phase: "enabled", settings: { batchSize: 7, reportsFailures: true } },
    ]);
    await setImmediate();
    expect(queue.visibleIds).toEqual([id]);

    consumer.isThere = true;
    clock.advanceMs(1_000);
    await setImmediate();
    expect(queue.deleted).toEqual([id]);
    await restarted.end();
  });

  test("keeps a mapping that is disabled, and its file short", async () => {
    const { sources, start, journalPath } = account();
    const uuid = uuidOf(sources.create(members()));
    sources.update(uuid, { Enabled: false });
    for (let size = 1; size <= 300; size += 1) {
      sources.update(uuid, { BatchSize: 1 + (size % 10) });
    }
    await sources.end();
    expect(readFileSync(journalPath, "utf8").split("\n").length).toBeLessThan(150);
    const restarted = start();
    expect(restarted.get(uuid)).toMatchObject({ phase: "disabled", settings: { batchSize: 1 } });
    await restarted.end();
  });

  test("says which file is broken", async () => {
    const { sources, start, journalPath } = account();
    await sources.end();
    for (const line of ["null", '{"kind":"kept"}', '{"kind":"deleted"}', "7"]) {
      writeFileSync(journalPath, `${line}\n`);
      expect(start).toThrow(PilotlightError);
      expect(start).toThrow(journalPath);
    }
  });

  test("can be disabled when its function is gone", () => {
    const { sources, store } = account();
    const uuid = uuidOf(sources.create(members()));
    store.delete(store.get("consumer"));
    expect(sources.update(uuid, { Enabled: false })["State"]).toBe("Disabling");
    expect(refusal(() => sources.update(uuid, { FunctionName: "consumer" })).message).toBe(
      "Function does not exist",
    );
  });

  test("clears filters, concurrency and response types by empty ones", () => {
    const { sources } = account();
    const uuid = uuidOf(
      sources.create(
        members({
          FilterCriteria: { Filters: [{ Pattern: '{"body":["a"]}' }] },
          ScalingConfig: { MaximumConcurrency: 2 },
          FunctionResponseTypes: ["ReportBatchItemFailures"],
        }),
      ),
    );
    const untouched = sources.update(uuid, { BatchSize: 2 });
    expect(untouched).toMatchObject({
      FilterCriteria: { Filters: [{ Pattern: '{"body":["a"]}' }] },
      ScalingConfig: { MaximumConcurrency: 2 },
      FunctionResponseTypes: ["ReportBatchItemFailures"],
    });
    const cleared = sources.update(uuid, {
      FilterCriteria: {},
      ScalingConfig: {},
      FunctionResponseTypes: [],
    });
    expect(cleared).not.toHaveProperty("FilterCriteria");
    expect(cleared).not.toHaveProperty("ScalingConfig");
    expect(cleared).toMatchObject({ BatchSize: 2, FunctionResponseTypes: [] });
  });

  test("names the function as the request did, with version or alias", () => {
    const { sources, store } = account();
    store.publish(store.get("consumer"));
    const arns = ["consumer", FUNCTION, "000000000000:function:consumer:1", "consumer:$LATEST"].map(
      (FunctionName) => {
        const body = sources.create(members({ FunctionName }));
        sources.delete(uuidOf(body));
        return body["FunctionArn"];
      },
    );
    expect(arns).toEqual([FUNCTION, FUNCTION, `${FUNCTION}:1`, `${FUNCTION}:$LATEST`]);
  });

  test("refuses a second mapping of the same queue and function", () => {
    const { sources } = account();
    const uuid = uuidOf(sources.create(members()));
    expect(refusal(() => sources.create(members()))).toEqual({
      type: "ResourceConflictException",
      message: `An event source mapping with SQS arn (" ${QUEUE} ") and function (" consumer ") already exists. Please update or delete the existing mapping with UUID ${uuid}`,
    });
    const other = uuidOf(sources.create(members({ FunctionName: "consumer:$LATEST" })));
    expect(refusal(() => sources.update(other, { FunctionName: "consumer" })).type).toBe(
      "ResourceConflictException",
    );
  });
});
