import { readdirSync, readFileSync } from "node:fs";
import { posix, resolve } from "node:path";
import { parseAst } from "vitest/node";

/** A node of the syntax tree in ESTree's shape, as the parser of vitest's bundler gives it. */
export interface SyntaxNode {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

/** A TypeScript file that a gate looks at. */
export interface Source {
  /** Relative to the repository, with forward slashes. */
  readonly path: string;
  readonly text: string;
  readonly program: SyntaxNode;
}

/** One import or re-export, static or dynamic. */
export interface ImportReference {
  readonly specifier: string;
  /** Names as the other module exports them; empty for a dynamic or a namespace import. */
  readonly names: readonly string[];
  readonly isTypeOnly: boolean;
  readonly line: number;
}

const REPOSITORY = resolve(import.meta.dirname, "../..");
const FOLDERS = ["functions", "models", "packages", "scripts", "test"];
const FOREIGN_FOLDERS = new Set(["node_modules", ".pilotlight"]);

/** Parses TypeScript. @throws SyntaxError when the text is not TypeScript. */
export function parseSource({ path, text }: { path: string; text: string }): Source {
  return { path, text, program: parseAst(text, { lang: "ts" }) as unknown as SyntaxNode };
}

/** Every TypeScript file of the repository, parsed. */
export function readSources(): Source[] {
  const atRoot = readdirSync(REPOSITORY).filter((name) => name.endsWith(".ts"));
  const paths = [...atRoot, ...FOLDERS.flatMap((folder) => typescriptUnder(folder))];
  return paths.toSorted().map((path) => {
    return parseSource({ path, text: readFileSync(resolve(REPOSITORY, path), "utf8") });
  });
}

function typescriptUnder(folder: string): string[] {
  return readdirSync(resolve(REPOSITORY, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = posix.join(folder, entry.name);
    if (entry.isDirectory()) return FOREIGN_FOLDERS.has(entry.name) ? [] : typescriptUnder(path);
    return entry.isFile() && entry.name.endsWith(".ts") ? [path] : [];
  });
}

/** The line, counted from 1, on which `offset` lies. */
export function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length;
}

/** Every node under `node`, itself first, with its ancestors from the nearest outwards. */
export function* descendants(
  node: SyntaxNode,
  ancestors: readonly SyntaxNode[] = [],
): Generator<{ readonly node: SyntaxNode; readonly ancestors: readonly SyntaxNode[] }> {
  yield { node, ancestors };
  const around = [node, ...ancestors];
  for (const child of children(node)) yield* descendants(child, around);
}

function children(node: SyntaxNode): SyntaxNode[] {
  return Object.values(node).flat().filter(isNode);
}

/** Whether a field of a node holds a node. */
export function isNode(value: unknown): value is SyntaxNode {
  return typeof value === "object" && value !== null && "type" in value && "start" in value;
}

const DECLARATIONS = new Set([
  "ImportDeclaration",
  "ExportNamedDeclaration",
  "ExportAllDeclaration",
  "ImportExpression",
  "TSImportType",
]);

/** What the file imports and re-exports, dynamic imports and `require` of a literal included. */
export function importsOf(source: Source): ImportReference[] {
  return [...descendants(source.program)].flatMap(({ node }) => {
    const specifier = specifierOf(node);
    if (specifier === undefined) return [];
    const kind = node["importKind"] ?? node["exportKind"];
    return {
      specifier,
      names: importedNames(node),
      isTypeOnly: kind === "type" || node.type === "TSImportType",
      line: lineOf(source.text, node.start),
    };
  });
}

function specifierOf(node: SyntaxNode): string | undefined {
  if (DECLARATIONS.has(node.type)) return literalText(node["source"] ?? node["argument"]);
  if (node.type !== "CallExpression") return undefined;
  const [first] = node["arguments"] as readonly unknown[];
  return identifierName(node["callee"]) === "require" ? literalText(first) : undefined;
}

function importedNames(node: SyntaxNode): string[] {
  const specifiers = Array.isArray(node["specifiers"]) ? node["specifiers"].filter(isNode) : [];
  return specifiers.flatMap((specifier) => {
    return identifierName(specifier["imported"] ?? specifier["local"]) ?? [];
  });
}

/** The name, when the field is an identifier. */
export function identifierName(value: unknown): string | undefined {
  return isNode(value) && value.type === "Identifier" ? String(value["name"]) : undefined;
}

function literalText(value: unknown): string | undefined {
  if (!isNode(value)) return undefined;
  if (value.type === "TSLiteralType") return literalText(value["literal"]);
  return typeof value["value"] === "string" ? value["value"] : undefined;
}

/** What the file exports, sorted: `name` for a value, `type Name` for a type or an interface. */
export function exportedNames(source: Source): string[] {
  const body = source.program["body"];
  const statements = Array.isArray(body) ? body.filter(isNode) : [];
  return statements.flatMap((statement) => namesExportedBy(statement)).toSorted();
}

function namesExportedBy(statement: SyntaxNode): string[] {
  if (statement.type === "ExportDefaultDeclaration") return ["default"];
  if (statement.type !== "ExportNamedDeclaration") return [];
  const specifiers = statement["specifiers"];
  const listed = (Array.isArray(specifiers) ? specifiers.filter(isNode) : []).map((specifier) => {
    const isType = statement["exportKind"] === "type" || specifier["exportKind"] === "type";
    return { name: identifierName(specifier["exported"]), isType };
  });
  return [...listed, ...declared(statement["declaration"])].flatMap(({ name, isType }) => {
    return name === undefined ? [] : [isType ? `type ${name}` : name];
  });
}

function declared(declaration: unknown): { name: string | undefined; isType: boolean }[] {
  if (!isNode(declaration)) return [];
  const isType = declaration.type.startsWith("TS");
  const inner = declaration["declarations"];
  const named = Array.isArray(inner) ? inner.filter(isNode) : [declaration];
  return named.map((node) => ({ name: identifierName(node["id"]), isType }));
}
