import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { BYTES_PER_MB } from "@pilotlight/core";

import { PLACEMENT_LIMITS, PLACES, planPlacement } from "./placement.ts";
import type { PlacementInput } from "./placement.ts";

const SMALL: PlacementInput = {
  modelBytes: 5 * BYTES_PER_MB,
  modelZipBytes: 4 * BYTES_PER_MB,
  otherUnzippedBytes: 46_700_000,
  otherLayers: 1,
  imageBaseBytes: 400 * BYTES_PER_MB,
  baseInitMs: 60,
  loadMsPerMb: { layer: 0.2, image: 2, s3: 12 },
};

const GB = 1024 * BYTES_PER_MB;
const rate = fc.double({ min: 0, max: 50, noNaN: true });
const input: fc.Arbitrary<PlacementInput> = fc.record({
  modelBytes: fc.oneof(fc.nat(300 * BYTES_PER_MB), fc.integer({ min: 0, max: 12 * GB })),
  modelZipBytes: fc.nat(300 * BYTES_PER_MB),
  otherUnzippedBytes: fc.nat(300 * BYTES_PER_MB),
  otherLayers: fc.nat(6),
  imageBaseBytes: fc.nat(GB),
  baseInitMs: fc.nat(11_000),
  loadMsPerMb: fc.record({ layer: rate, image: rate, s3: rate }),
});

const LIMIT = PLACEMENT_LIMITS.unzippedBytesMax;

describe("planPlacement", () => {
  test("puts a small model into a layer that is uploaded directly", () => {
    expect(planPlacement(SMALL)).toMatchObject({ place: "layer", upload: "direct" });
  });

  test("fills the unzipped limit to the last byte, and names the overrun of one byte more", () => {
    const modelBytes = LIMIT - SMALL.otherUnzippedBytes;
    expect(planPlacement({ ...SMALL, modelBytes }).place).toBe("layer");
    const over = planPlacement({ ...SMALL, modelBytes: modelBytes + 1 });
    expect(over.place).toBe("image");
    expect(over.reasons[0]).toContain("262144001 bytes (250 MB), 1 more than the 262144000");
  });

  test("uploads an archive above 50 MB through S3, and says so", () => {
    const bytes = PLACEMENT_LIMITS.directUploadBytesMax;
    expect(planPlacement({ ...SMALL, modelZipBytes: bytes })).toMatchObject({ upload: "direct" });
    const over = planPlacement({ ...SMALL, modelZipBytes: bytes + 1 });
    expect(over).toMatchObject({ place: "layer", upload: "s3" });
    expect(over.reasons.at(-1)).toContain("1 more than the 52428800 (50 MB) of a direct upload");
  });

  test("has no sixth layer", () => {
    expect(planPlacement({ ...SMALL, otherLayers: 4 }).place).toBe("layer");
    const over = planPlacement({ ...SMALL, otherLayers: 5 });
    expect(over.place).not.toBe("layer");
    expect(over.reasons[0]).toContain("6 layers, Lambda accepts 5");
  });

  test("sizes /tmp in whole MB, from 512 up, where S3 starts sooner than an image", () => {
    const loadMsPerMb = { layer: 0.2, image: 9, s3: 8 };
    const large = { ...SMALL, otherLayers: 5, loadMsPerMb };
    expect(planPlacement(large)).toMatchObject({ place: "s3", tmpMb: 512 });
    const modelBytes = 600 * BYTES_PER_MB + 1;
    expect(planPlacement({ ...large, modelBytes })).toMatchObject({ place: "s3", tmpMb: 601 });
  });

  test("finds no place for what no place holds, and says what each would need", () => {
    const placement = planPlacement({ ...SMALL, modelBytes: 11 * GB });
    expect(placement.place).toBe("none");
    for (const place of PLACES) {
      expect(placement.reasons.some((reason) => reason.startsWith(`${place}: `))).toBe(true);
    }
    expect(placement.reasons.at(-1)).toContain("quantise");
  });

  test("counts an init phase longer than 10 s as an overrun", () => {
    const slow = { ...SMALL, baseInitMs: 10_000, loadMsPerMb: { layer: 1, image: 1, s3: 1 } };
    const placement = planPlacement(slow);
    expect(placement.place).toBe("none");
    expect(placement.reasons[0]).toContain("10005 ms, 5.0 ms more than the 10000 ms");
  });

  test("for every input, the chosen place breaks no limit and every refused place names one", () => {
    fc.assert(
      fc.property(input, (each) => {
        const placement = planPlacement(each);
        const chosen = placement.estimates.find(({ place }) => place === placement.place);
        expect(chosen?.overruns ?? []).toEqual([]);
        const hasNoFit = placement.estimates.every(({ overruns }) => overruns.length > 0);
        expect(placement.place === "none").toBe(hasNoFit);
        expect(placement.estimates.map(({ place }) => place)).toEqual(PLACES);
        expect(placement.reasons.length).toBeGreaterThan(0);
      }),
    );
  });

  test("for every input, a layer is refused exactly when bytes, layers or init are over", () => {
    fc.assert(
      fc.property(input, (each) => {
        const initMs = each.baseInitMs + (each.modelBytes / BYTES_PER_MB) * each.loadMsPerMb.layer;
        const isFitting =
          each.modelBytes + each.otherUnzippedBytes <= 262_144_000 &&
          each.otherLayers <= 4 &&
          initMs <= 10_000;
        expect(planPlacement(each).place === "layer").toBe(isFitting);
      }),
    );
  });

  test("for every input without a fitting layer, no fitting place starts sooner than the chosen one", () => {
    fc.assert(
      fc.property(input, (each) => {
        const placement = planPlacement({ ...each, otherLayers: 5 });
        const fitting = placement.estimates.filter(({ overruns }) => overruns.length === 0);
        const chosen = fitting.find(({ place }) => place === placement.place);
        expect(fitting.every(({ initMs }) => initMs >= (chosen?.initMs ?? Infinity))).toBe(true);
      }),
    );
  });

  test("for every model that fits a layer, so does a smaller one", () => {
    fc.assert(
      fc.property(input, fc.double({ min: 0, max: 1, noNaN: true }), (each, part) => {
        fc.pre(planPlacement(each).place === "layer");
        const modelBytes = Math.floor(each.modelBytes * part);
        expect(planPlacement({ ...each, modelBytes }).place).toBe("layer");
      }),
    );
  });

  test("for every placement in S3, /tmp holds the model and is a size that Lambda accepts", () => {
    fc.assert(
      fc.property(input, (each) => {
        const placement = planPlacement(each);
        if (placement.place !== "s3") return;
        expect(placement.tmpMb * BYTES_PER_MB).toBeGreaterThanOrEqual(each.modelBytes);
        expect(placement.tmpMb).toBeGreaterThanOrEqual(512);
        expect(placement.tmpMb).toBeLessThanOrEqual(10_240);
      }),
    );
  });
});
