import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { defineInference } from "./definition.ts";
import { resolveManifest } from "./manifest.ts";

const SHOP = defineInference({
  name: "shop",
  models: {
    fraud: {
      artifact: "./models/fraud/model.onnx",
      handler: "./models/fraud/handler.ts",
      latencyBudgetMs: 150,
      function: { memoryMb: 3538, environment: { THRESHOLD: "0.5" } },
    },
    digits: { artifact: "./models/digits/model.onnx" },
  },
});

describe("resolveManifest", () => {
  test("gives the same plain JSON for the same definition", () => {
    const manifest = resolveManifest(SHOP, { stage: "local" });
    expect(JSON.parse(JSON.stringify(manifest))).toEqual(manifest);
    expect(manifest).toMatchSnapshot();
  });

  test("does not depend on the order in which models are written", () => {
    const { fraud, digits } = SHOP.models;
    const turned = { ...SHOP, models: { digits: digits!, fraud: fraud! } };
    expect(resolveManifest(turned, { stage: "local" })).toEqual(
      resolveManifest(SHOP, { stage: "local" }),
    );
  });

  test("names functions by name, stage and model", () => {
    const { models, route } = resolveManifest(SHOP, { stage: "prod" });
    expect(models.map((model) => model.function.name)).toEqual([
      "shop-prod-digits",
      "shop-prod-fraud",
    ]);
    expect(route.name).toBe("shop-prod-route");
  });

  test("refuses a function name over 64 characters, saying by how many", () => {
    const name = "m".repeat(60);
    const definition = defineInference({ name: "shop", models: { [name]: { artifact: "x" } } });
    // shop-local- has 11 characters, so 71 in all.
    expect(() => resolveManifest(definition, { stage: "local" })).toThrow(/71 characters.*by 7/s);
  });

  test("for every memory size, gives one thread per whole vCPU and never none", () => {
    fc.assert(
      fc.property(fc.integer({ min: 128, max: 10_240 }), (memoryMb) => {
        const definition = defineInference({
          models: { a: { artifact: "x", function: { memoryMb } } },
        });
        const threads =
          resolveManifest(definition, { stage: "local" }).models[0]?.session.threads ?? 0;
        expect(threads).toBeGreaterThanOrEqual(1);
        expect(threads === 1 || threads * 1769 <= memoryMb).toBe(true);
      }),
    );
  });
});
