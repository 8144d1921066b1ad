import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { modelLayer, modelLayerName } from "./model-layer.ts";
import type { ModelFile } from "./model-layer.ts";

const name = fc.stringMatching(/^[a-z][a-z0-9._-]{0,20}$/);
const sha256 = fc.stringMatching(/^[0-9a-f]{64}$/);
const file: fc.Arbitrary<ModelFile> = fc.record({ name, sha256, bytes: fc.nat() });
const files = fc.uniqueArray(file, { minLength: 1, maxLength: 5, selector: (each) => each.name });

const ORT: ModelFile = { name: "model.ort", bytes: 10, sha256: "a".repeat(64) };
const ONNX: ModelFile = { name: "model.onnx", bytes: 7, sha256: "b".repeat(64) };

describe("modelLayerName", () => {
  test("for every set of files, the order does not matter and Lambda accepts the name", () => {
    fc.assert(
      fc.property(files, fc.nat(), (set, turn) => {
        const turned = set.map((_, index) => set[(index + turn) % set.length] as ModelFile);
        expect(modelLayerName(turned)).toBe(modelLayerName(set));
        expect(modelLayerName(set)).toMatch(/^[a-zA-Z0-9-_]{1,140}$/);
      }),
    );
  });

  test("for every change of one content or one name, the name changes", () => {
    fc.assert(
      fc.property(files, sha256, name, (set, otherSha, otherName) => {
        const [first, ...rest] = set as [ModelFile, ...ModelFile[]];
        fc.pre(otherSha !== first.sha256 && !set.some((each) => each.name === otherName));
        const before = modelLayerName(set);
        expect(modelLayerName([{ ...first, sha256: otherSha }, ...rest])).not.toBe(before);
        expect(modelLayerName([{ ...first, name: otherName }, ...rest])).not.toBe(before);
      }),
    );
  });

  test("is made of the content: what `sha256sum` over the list of files says", () => {
    // printf '%s  model.onnx\n%s  model.ort\n' bbbb… aaaa… | sha256sum | cut -c 1-32
    expect(modelLayerName([ORT, ONNX])).toBe("pilotlight-model-43391f49dd97d0d1f45b5f67f3b2490b");
  });

  test("refuses an empty set, a name twice and a path that leaves the folder", () => {
    expect(() => modelLayerName([])).toThrow(/at least one file/);
    expect(() => modelLayerName([ORT, ORT])).toThrow(/unique/);
    expect(() => modelLayerName([{ ...ORT, name: "../model.ort" }])).toThrow(/inside its folder/);
    expect(() => modelLayerName([{ ...ORT, sha256: "abc" }])).toThrow(/no SHA-256/);
  });
});

describe("modelLayer", () => {
  test("puts every file below /opt/models in a folder named by the content, sorted by name", () => {
    const layer = modelLayer([ORT, ONNX]);
    expect(layer.name).toBe(modelLayerName([ONNX, ORT]));
    expect(layer.unzippedBytes).toBe(17);
    expect(layer.entries).toEqual([
      {
        file: ONNX,
        archivePath: `models/${layer.id}/model.onnx`,
        path: `/opt/models/${layer.id}/model.onnx`,
      },
      {
        file: ORT,
        archivePath: `models/${layer.id}/model.ort`,
        path: `/opt/models/${layer.id}/model.ort`,
      },
    ]);
  });
});
