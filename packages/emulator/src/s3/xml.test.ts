import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { listOf, membersOf, readXml, textOf, writeXml } from "./xml.ts";

describe("writeXml", () => {
  test("writes members, lists and nothing for what is absent", () => {
    expect(writeXml("List", { Name: "a", None: undefined, Item: [{ Key: 1 }, { Key: 2 }] })).toBe(
      '<?xml version="1.0" encoding="UTF-8"?>\n<List xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>a</Name><Item><Key>1</Key></Item><Item><Key>2</Key></Item></List>',
    );
  });

  test("for every text, is read as it was", () => {
    // XML has no U+0000, not even as a reference.
    const text = fc
      .string({ unit: "binary", minLength: 1 })
      .filter((one) => one.trim() !== "" && !one.includes("\0"));
    fc.assert(
      fc.property(fc.oneof(text, fc.constantFrom("&amp;", "<a>", "\r\n x", "&#x1;")), (one) => {
        const members = readXml(writeXml("A", { Text: one }), "A");
        expect(textOf(members["Text"])).toBe(one);
      }),
    );
  });
});

describe("readXml", () => {
  test("reads elements with a namespace's prefix, one or many", () => {
    const members = readXml('<x:A xmlns:x="y"><x:B>1</x:B><x:B>2</x:B><C>3</C></x:A>', "A");
    expect(listOf(members["B"])).toEqual(["1", "2"]);
    expect(listOf(members["C"])).toEqual(["3"]);
    expect(listOf(members["D"])).toEqual([]);
  });

  test.each([
    "",
    "text",
    "<A><B></A>",
    "<Other/>",
    "<A>text</A>",
    "{}",
    `${"<A>".repeat(50)}${"</A>".repeat(50)}`,
  ])("refuses %j", (text) => {
    expect(() => membersOf(readXml(text, "A"))).toThrow(
      expect.objectContaining({ code: "MalformedXML" }),
    );
  });

  test("refuses a document that declares entities of its own", () => {
    const bomb = '<!DOCTYPE a [<!ENTITY b "xxxxxxxxxx">]><A><B>&b;</B></A>';
    expect(() => readXml(bomb, "A")).toThrow(expect.objectContaining({ code: "MalformedXML" }));
  });

  test("reads as many references as the largest list of parts has", () => {
    const part = "<Part><ETag>&quot;a&quot;</ETag></Part>";
    const { Part } = readXml(`<A>${part.repeat(10_000)}</A>`, "A");
    const tags = new Set(listOf(Part).map((one) => textOf(membersOf(one)["ETag"])));
    expect([listOf(Part).length, ...tags]).toEqual([10_000, '"a"']);
  });
});
