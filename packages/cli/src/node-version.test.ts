import { describe, expect, test } from "vitest";

import { requireNode } from "./node-version.ts";

describe("requireNode", () => {
  test.each(["24.0.0", "24.21.0", "26.1.0"])("accepts Node %s", (version) => {
    expect(() => requireNode(version)).not.toThrow();
  });

  test.each(["20.20.2", "23.11.0"])(
    "refuses Node %s and says how to get a newer one",
    (version) => {
      expect(() => requireNode(version)).toThrow(
        new RegExp(`this is Node ${version}.*install Node 24`),
      );
    },
  );
});
