import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { ERROR_CATALOG } from "@pilotlight/core";
import { describe, expect, test } from "vitest";
import { isTest } from "../scripts/architecture.ts";
import { readSources } from "./architecture/source.ts";

const DOCUMENT = resolve(import.meta.dirname, "../docs/errors.md");
const CELLS = ["code", "status", "fault", "retry", "meaning", "remedy"] as const;

type Row = Readonly<Record<(typeof CELLS)[number], string>>;

/** The rows of a Markdown table whose first cell is an error code in backticks. */
function documentedErrors(markdown: string): Row[] {
  return markdown
    .split("\n")
    .filter((line) => /^\|\s*`ERR_/.test(line))
    .map((line) => {
      const cells = line.split("|").map((cell) => cell.trim());
      const row = Object.fromEntries(CELLS.map((name, index) => [name, cells[index + 1] ?? ""]));
      return { ...(row as Row), code: (row["code"] ?? "").replaceAll("`", "") };
    });
}

describe("docs/errors.md", () => {
  const rows = documentedErrors(readFileSync(DOCUMENT, "utf8"));

  test("lists the codes of the catalogue, each once, in its order", () => {
    const codes = Object.keys(ERROR_CATALOG);
    expect(codes.length).toBeGreaterThan(20);
    expect(rows.map(({ code }) => code)).toEqual(codes);
  });

  test.each(Object.entries(ERROR_CATALOG))("says of %s what the catalogue says", (code, traits) => {
    expect(rows.find((row) => row.code === code)).toMatchObject({
      status: String(traits.statusCode),
      fault: traits.fault,
      retry: traits.retryable ? "yes" : "no",
    });
  });

  test.each(rows)("says what $code means and what to do, in sentences", ({ meaning, remedy }) => {
    expect(meaning).toMatch(/^\S.{20,}\.$/);
    expect(remedy).toMatch(/^\S.{10,}\.$/);
  });
});

describe("the catalogue", () => {
  const CATALOGUE = "packages/core/src/errors.ts";
  // The check of Node's version is plain JavaScript, and so not among the sources.
  const requireNode = readFileSync(
    resolve(import.meta.dirname, "../packages/cli/bin/require-node.js"),
    "utf8",
  );
  const sources = readSources().filter(({ path }) => path !== CATALOGUE && !isTest(path));
  const texts = [requireNode, ...sources.map(({ text }) => text)];

  test("is looked for in the whole source", () => {
    expect(texts.length).toBeGreaterThan(50);
  });

  test("has no code that nothing raises", () => {
    const codes = Object.keys(ERROR_CATALOG);
    const unused = codes.filter(
      (code) => !texts.some((text) => RegExp(`\\b${code}\\b`).test(text)),
    );
    expect(unused).toEqual([]);
  });
});

describe("documentedErrors", () => {
  test("reads the cells of a row and passes over everything else", () => {
    const markdown =
      "# Errors\n| Code | Status |\n|---|---|\n| `ERR_X` | 400 | user | no | A. | B. |";
    expect(documentedErrors(markdown)).toEqual([
      { code: "ERR_X", status: "400", fault: "user", retry: "no", meaning: "A.", remedy: "B." },
    ]);
  });
});
