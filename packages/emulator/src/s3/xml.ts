import { XMLBuilder, XMLParser, XMLValidator } from "fast-xml-parser";

import { malformedXml } from "./s3-error.ts";

/** Content of an element: text, elements by their names, or several elements of one name. */
export type XmlValue =
  | string
  | number
  | boolean
  | undefined
  | readonly XmlValue[]
  | { readonly [name: string]: XmlValue };

/** What was read of an element; an element that comes once is no list. */
export type ReadXml = string | readonly ReadXml[] | { readonly [name: string]: ReadXml };

const NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/";
const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';

/** Deeper than any request of S3. */
const DEPTH_MAX = 20;

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
};

const CHARACTERS: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
};

const builder = new XMLBuilder({
  ignoreAttributes: false,
  processEntities: false,
  suppressEmptyNode: true,
  // A member that is absent has no element.
  tagValueProcessor: (_name, value) => escaped(String(value)),
});

const parser = new XMLParser({
  parseTagValue: false,
  trimValues: false,
  removeNSPrefix: true,
  // The parser's own decoding drops characters that S3 takes in keys, U+0001 as &#x1;.
  processEntities: false,
  tagValueProcessor: (_name, value) => unescaped(value),
  maxNestedTags: DEPTH_MAX,
});

/** Writes a document with the one element `name` in S3's namespace. */
export function writeXml(name: string, members: Readonly<Record<string, XmlValue>>): string {
  return DECLARATION + built({ [name]: { "@_xmlns": NAMESPACE, ...members } });
}

/** Writes a document without a namespace, as S3 does for errors. */
export function writePlainXml(name: string, members: Readonly<Record<string, XmlValue>>): string {
  return DECLARATION + built({ [name]: members });
}

function built(document: Readonly<Record<string, XmlValue>>): string {
  return builder.build(withoutAbsent(document));
}

/**
 * Reads a document whose one element is `name`.
 *
 * @returns The elements in it, by their names.
 * @throws S3Error MalformedXML.
 */
export function readXml(text: string, name: string): Readonly<Record<string, ReadXml>> {
  // No client declares a document type; entities of its own could grow without bound.
  if (/<!DOCTYPE/i.test(text) || XMLValidator.validate(text) !== true) throw malformedXml();
  const root = parsed(text)[name];
  if (root === undefined) throw malformedXml();
  return membersOf(root);
}

/** The elements in an element; none in one without content. @throws S3Error MalformedXML for a list. */
export function membersOf(value: ReadXml): Readonly<Record<string, ReadXml>> {
  if (typeof value === "string") {
    if (value.trim() === "") return {};
    throw malformedXml();
  }
  if (isList(value)) throw malformedXml();
  return value;
}

/** The elements of one name, in their order. */
export function listOf(value: ReadXml | undefined): readonly ReadXml[] {
  if (value === undefined) return [];
  return isList(value) ? value : [value];
}

/** The text of an element that may be absent. @throws S3Error MalformedXML for anything but text. */
export function textOf(value: ReadXml | undefined): string | undefined {
  if (value === undefined || typeof value === "string") return value;
  throw malformedXml();
}

function isList(value: ReadXml): value is readonly ReadXml[] {
  return Array.isArray(value);
}

function parsed(text: string): Readonly<Record<string, ReadXml>> {
  try {
    return parser.parse(text) as Readonly<Record<string, ReadXml>>;
  } catch {
    // Whatever is wrong with the document, S3 has one text for it.
    throw malformedXml();
  }
}

/** Characters that XML cannot have as they are travel as references, as S3 sends them. */
function escaped(text: string): string {
  return text.replaceAll(
    /[&<>"\u0000-\u0008\u000b-\u001f]/g,
    (character) => ENTITIES[character] ?? `&#x${character.charCodeAt(0).toString(16)};`,
  );
}

/** A reference that stands for no character stays as it is. */
function unescaped(text: string): string {
  return text.replaceAll(
    /&(?:(amp|lt|gt|quot|apos)|#(\d{1,7})|#x([0-9a-f]{1,6}));/gi,
    (whole, ...found) => {
      const [name, decimal, hexadecimal] = found.map((one) => (typeof one === "string" ? one : ""));
      if (name) return CHARACTERS[name] ?? whole;
      const code = decimal ? Number(decimal) : Number.parseInt(hexadecimal ?? "", 16);
      return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    },
  );
}

function withoutAbsent(value: XmlValue): XmlValue {
  if (Array.isArray(value)) return value.map(withoutAbsent);
  if (typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .map(([name, member]) => [name, withoutAbsent(member)]),
  );
}
