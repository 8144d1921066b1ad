import { describe, expect, test } from "vitest";

import type { SessionSpec } from "@pilotlight/core";

import { sessionOptions } from "../session-options.ts";
import { openingOptions, originalOpening, PREPARED_UNPACKED } from "./opening.ts";

const SPEC: SessionSpec = { threads: 2, optimization: "all", warmUp: true };

describe("openingOptions", () => {
  test("opens the original exactly as a definition asks for it", () => {
    expect(openingOptions(SPEC, originalOpening(SPEC))).toEqual(sessionOptions(SPEC));
  });

  test("adds the prepared form's configuration to that of every session", () => {
    expect(openingOptions(SPEC, PREPARED_UNPACKED)).toEqual({
      ...sessionOptions(SPEC),
      graphOptimizationLevel: "disabled",
      extra: {
        session: {
          intra_op: { allow_spinning: "0" },
          use_memory_mapped_ort_model: "1",
          use_ort_model_bytes_for_initializers: "1",
          disable_prepacking: "1",
        },
      },
    });
  });

  test("is made of what JSON can carry", () => {
    const carried = JSON.parse(JSON.stringify(PREPARED_UNPACKED)) as typeof PREPARED_UNPACKED;
    expect(openingOptions(SPEC, carried)).toEqual(openingOptions(SPEC, PREPARED_UNPACKED));
  });
});
