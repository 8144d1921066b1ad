import {
  ENTRY_POINT_GLOB,
  EMULATOR_CLOCK_FILE,
  IMPURE_GLOBALS,
  IMPURE_MEMBERS,
  isTest,
  LINE_LIMITS,
  matchesAny,
  mustBePure,
  TIMERS,
} from "../../scripts/architecture.ts";
import { mayNotSetTimers } from "./import-gates.ts";
import type { Source, SyntaxNode } from "./source.ts";
import { descendants, identifierName, isNode, lineOf } from "./source.ts";

const FUNCTIONS = new Set(["FunctionDeclaration", "FunctionExpression", "ArrowFunctionExpression"]);

/** Files above the limit of lines. */
export function longFiles(source: Source): string[] {
  return lineCountFault(source, LINE_LIMITS.file);
}

/** Entry points above their limit of lines. */
export function longEntryPoints(source: Source): string[] {
  return isEntryPoint(source.path) ? lineCountFault(source, LINE_LIMITS.entryPoint) : [];
}

/** Whether the file is the entry point of something deployed. */
export function isEntryPoint(path: string): boolean {
  return matchesAny(path, [ENTRY_POINT_GLOB]) && !isTest(path);
}

function lineCountFault({ path, text }: Source, limit: number): string[] {
  const lines = text.trimEnd().split("\n").length;
  return lines > limit ? [`${path} has ${lines} lines; at most ${limit}: split it by noun`] : [];
}

/** Functions above the limit of lines; the callback of `describe` is a list of tests, not a function. */
export function longFunctions(source: Source): string[] {
  return [...descendants(source.program)].flatMap(({ node, ancestors }) => {
    if (!FUNCTIONS.has(node.type) || isDescribeCallback(ancestors[0])) return [];
    const firstLine = lineOf(source.text, node.start);
    const lines = lineOf(source.text, node.end) - firstLine + 1;
    if (lines <= LINE_LIMITS.function) return [];
    return [
      `${source.path}:${firstLine} a function has ${lines} lines; at most ${LINE_LIMITS.function}`,
    ];
  });
}

function isDescribeCallback(parent: SyntaxNode | undefined): boolean {
  return parent?.type === "CallExpression" && calleeNames(parent)[0] === "describe";
}

/** The names of a callee from the left: `describe.skipIf(x)("…")` gives describe, skipIf. */
function calleeNames(call: SyntaxNode): string[] {
  const names: string[] = [];
  for (let node: unknown = call; isNode(node); node = node["callee"] ?? node["object"]) {
    const name = identifierName(node) ?? identifierName(node["property"]);
    if (name !== undefined) names.unshift(name);
  }
  return names;
}

/** What a pure package may not name: clocks, chance, timers, the process, the console. */
export function impureNames(source: Source): string[] {
  if (!mustBePure(source.path)) return [];
  const named = [
    ...namesUsed(source, IMPURE_GLOBALS),
    ...membersUsed(source, IMPURE_MEMBERS),
    ...datesOfNow(source),
  ];
  return named.map(({ name, line, remedy }) => `${source.path}:${line} names ${name}: ${remedy}`);
}

/** Timers set in the emulator outside its clock file. */
export function timersSet(source: Source): string[] {
  if (!mayNotSetTimers(source.path)) return [];
  const remedy = `timers live in ${EMULATOR_CLOCK_FILE}`;
  const table = (names: readonly string[]) =>
    Object.fromEntries(names.map((name) => [name, remedy]));
  const named = [
    ...namesUsed(source, table(TIMERS.globals)),
    ...membersUsed(source, table(TIMERS.members)),
  ];
  return named.map(({ name, line }) => `${source.path}:${line} names ${name}: ${remedy}`);
}

interface NameUse {
  readonly name: string;
  readonly line: number;
  readonly remedy: string;
}

type Remedies = Readonly<Record<string, string>>;

/**
 * Uses of a global by its name, in expressions and through globalThis.
 *
 * A name that the file itself declares anywhere is taken for its own: oxlint, which knows scopes, has
 * the last word there.
 */
function namesUsed(source: Source, remedies: Remedies): NameUse[] {
  const nodes = [...descendants(source.program)];
  const own = new Set(nodes.flatMap((visit) => declaredName(visit.node, visit.ancestors[0]) ?? []));
  return nodes.flatMap(({ node, ancestors: [parent] }) => {
    const name = identifierName(node);
    if (name === undefined || parent === undefined || own.has(name)) return [];
    const remedy = isReference(node, parent) ? ownValue(remedies, name) : undefined;
    return remedy === undefined ? [] : [{ name, line: lineOf(source.text, node.start), remedy }];
  });
}

function declaredName(node: SyntaxNode, parent: SyntaxNode | undefined): string | undefined {
  const name = identifierName(node);
  if (name === undefined || parent === undefined) return undefined;
  const isParameter = Array.isArray(parent["params"]) && parent["params"].includes(node);
  const isBinding = parent.type === "VariableDeclarator" && parent["id"] === node;
  const isImport = parent.type.startsWith("Import") && parent["local"] === node;
  const isFunction = FUNCTIONS.has(parent.type) && parent["id"] === node;
  return isParameter || isBinding || isImport || isFunction ? name : undefined;
}

function isReference(node: SyntaxNode, parent: SyntaxNode): boolean {
  if (parent.type.startsWith("TS") && parent["expression"] !== node) return false;
  if (parent.type === "MemberExpression" && parent["property"] === node) {
    return parent["computed"] === true || identifierName(parent["object"]) === "globalThis";
  }
  const isKey =
    parent["key"] === node && parent["computed"] !== true && parent["shorthand"] !== true;
  return !isKey;
}

function membersUsed(source: Source, remedies: Remedies): NameUse[] {
  return [...descendants(source.program)].flatMap(({ node }) => {
    if (node.type !== "MemberExpression") return [];
    const name = `${identifierName(node["object"])}.${identifierName(node["property"])}`;
    const remedy = ownValue(remedies, name);
    return remedy === undefined ? [] : [{ name, line: lineOf(source.text, node.start), remedy }];
  });
}

/** `new Date()` without an argument reads the clock; `new Date(ms)` does not. */
function datesOfNow(source: Source): NameUse[] {
  return [...descendants(source.program)].flatMap(({ node }) => {
    const isDate = node.type === "NewExpression" && identifierName(node["callee"]) === "Date";
    if (!isDate || (node["arguments"] as readonly unknown[]).length > 0) return [];
    const line = lineOf(source.text, node.start);
    return [{ name: "new Date()", line, remedy: "take a Clock as a parameter" }];
  });
}

function ownValue(remedies: Remedies, name: string): string | undefined {
  return Object.hasOwn(remedies, name) ? remedies[name] : undefined;
}

const FORBIDDEN_WORD = /(^|[-.])(manager|helper|util)s?([-.]|$)/;
const FILE_NAME = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z]+(-[a-z]+)*)*\.ts$/;

/** Names that say nothing (manager, helper, util) anywhere in the path, and file names not in kebab-case. */
export function badFileNames({ path }: Source): string[] {
  const segments = path.split("/");
  const faults = [];
  if (segments.some((segment) => FORBIDDEN_WORD.test(segment))) {
    faults.push(`${path}: name the file by the one thing it exports, not manager, helper or util`);
  }
  if (!FILE_NAME.test(segments.at(-1) ?? "")) faults.push(`${path}: write the name in kebab-case`);
  return faults;
}

/** Re-exports that hide what they export. */
export function starExports(source: Source): string[] {
  return [...descendants(source.program)].flatMap(({ node }) => {
    if (node.type !== "ExportAllDeclaration") return [];
    return [`${source.path}:${lineOf(source.text, node.start)} export *: name what is exported`];
  });
}

const TEST_FUNCTIONS = new Set(["test", "it", "describe", "suite", "bench"]);
const DISABLERS = new Set(["skip", "only", "todo", "fails"]);

/** Tests that do not run, or keep others from running; `skipIf` says when, and is allowed. */
export function disabledTests(source: Source): string[] {
  const faults = [...descendants(source.program)].flatMap(({ node }) => {
    if (node.type !== "CallExpression") return [];
    const [root = "", ...rest] = calleeNames(node);
    if (!TEST_FUNCTIONS.has(root)) return [];
    const word = [...rest, ...optionNames(node)].find((name) => DISABLERS.has(name));
    if (word === undefined) return [];
    const line = lineOf(source.text, node.start);
    return [`${source.path}:${line} ${root} with ${word}: mend it or delete it`];
  });
  // `test.only.each(rows)("…")` is two calls with one fault.
  return [...new Set(faults)];
}

function optionNames(call: SyntaxNode): string[] {
  const options = (call["arguments"] as readonly unknown[]).filter(isNode);
  return options
    .filter(({ type }) => type === "ObjectExpression")
    .flatMap((option) => (option["properties"] as readonly SyntaxNode[]) ?? [])
    .flatMap((property) => identifierName(property["key"]) ?? []);
}
