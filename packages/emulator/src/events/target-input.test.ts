import { describe, expect, test } from "vitest";

import type { TargetRecord } from "./rule-record.ts";
import { targetInput } from "./target-input.ts";

const EVENT = {
  id: "7a6e8feb-b491-4cf7-a9f1-bf3703467718",
  detailType: "order",
  source: "shop",
  timeMs: Date.UTC(2026, 10, 24),
  resources: ["arn:of:order"],
  detail: '{"id":7,"name":"a \\"small\\" box","lines":[{"sku":"x"}]}',
};

const SOURCES = { ruleName: "orders", ruleArn: "arn:of:rule", nowMs: Date.UTC(2026, 10, 25) };

const input = (target: Partial<TargetRecord>) => targetInput(EVENT, target, SOURCES);

function template(InputTemplate: string, InputPathsMap: Record<string, string> = {}): string {
  return input({ InputTransformer: { InputTemplate, InputPathsMap } });
}

describe("targetInput", () => {
  test("is the event, a constant, or a part of the event", () => {
    expect(JSON.parse(input({}))).toMatchObject({ source: "shop", detail: { id: 7 } });
    expect(input({ Input: '{"a":1}' })).toBe('{"a":1}');
    expect(input({ InputPath: "$.detail.lines[0]" })).toBe('{"sku":"x"}');
    expect(input({ InputPath: "$.source" })).toBe('"shop"');
    expect(input({ InputPath: "$.none" })).toBe("null");
  });

  test("fills a template: JSON outside of quotes, text within", () => {
    const paths = { id: "$.detail.id", name: "$.detail.name", lines: "$.detail.lines" };
    const filled = template(
      '{"id": <id>, "name": <name>, "said": "it is <name>, <id>: <lines>"}',
      paths,
    );
    expect(JSON.parse(filled)).toEqual({
      id: 7,
      name: 'a "small" box',
      said: 'it is a "small" box, 7: [{"sku":"x"}]',
    });
    expect(template('"order <id>"', paths)).toBe('"order 7"');
  });

  test("knows the rule and the event without being told", () => {
    expect(JSON.parse(template('{"rule": "<aws.events.rule-arn>"}'))).toEqual({
      rule: "arn:of:rule",
    });
    const filled = template(
      '{"name": <aws.events.rule-name>, "at": <aws.events.event.ingestion-time>, "all": <aws.events.event.json>, "head": <aws.events.event>}',
    );
    expect(JSON.parse(filled)).toMatchObject({
      name: "orders",
      at: "2026-11-25T00:00:00Z",
      all: { detail: { id: 7 } },
      head: { source: "shop" },
    });
    expect((JSON.parse(filled) as { head: object }).head).not.toHaveProperty("detail");
  });

  test("leaves what has no meaning as it is, and has an empty text for what is not in the event", () => {
    expect(template('"<unknown> <a"', {})).toBe('"<unknown> <a"');
    expect(template('{"a": <none>, "b": "<none>"}', { none: "$.detail.none" })).toBe(
      '{"a": "", "b": ""}',
    );
  });
});
