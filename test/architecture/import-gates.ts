import { posix } from "node:path";
import type { PackageName, Part } from "../../scripts/architecture.ts";
import {
  ALLOWED_IMPORTS,
  allowedImportsText,
  EMULATOR_CLOCK_FILE,
  IMPURE_CRYPTO_NAMES,
  isTest,
  isWithin,
  matchesAny,
  MODULE_RULES,
  mustBePure,
  PACKAGES,
  partOf,
  PUBLIC_SUBPATHS,
  PURE_NODE_MODULES,
  TIMERS,
  TYPE_ONLY_IMPORTS,
} from "../../scripts/architecture.ts";
import type { ImportReference, Source } from "./source.ts";
import { importsOf } from "./source.ts";

const OUR_SCOPE = "@pilotlight/";

/** Imports of ours that have no arrow, and imports past a package's entry points. */
export function importsOutsideArrows(source: Source): string[] {
  const from = partOf(source.path);
  return importsOf(source).flatMap((reference) => {
    const target = targetOf(reference, source.path);
    if (target === undefined) return [];
    const fault = target.fault ?? arrowFault(from, { to: target.part, reference });
    return fault === undefined ? [] : report(source, { reference, fault });
  });
}

interface Target {
  readonly part: Part;
  /** Why the import is wrong whatever the arrows say. */
  readonly fault?: string;
}

function targetOf({ specifier }: ImportReference, path: string): Target | undefined {
  if (specifier.startsWith(OUR_SCOPE)) return packageTarget(specifier.slice(OUR_SCOPE.length));
  if (!specifier.startsWith(".")) return undefined;
  const part = partOf(posix.join(posix.dirname(path), specifier));
  const isDeep = part !== partOf(path) && isPackage(part);
  return isDeep ? { part, fault: `use the entry point @pilotlight/${part}` } : { part };
}

function packageTarget(rest: string): Target {
  const [name = "", ...subpath] = rest.split("/");
  if (!isPackage(name)) return { part: "root", fault: "no such package" };
  const isEntry = subpath.length === 0 || PUBLIC_SUBPATHS[name]?.includes(subpath.join("/"));
  return isEntry ? { part: name } : { part: name, fault: "not an entry point of the package" };
}

function isPackage(name: string): name is PackageName {
  return (PACKAGES as readonly string[]).includes(name);
}

function arrowFault(
  from: Part,
  { to, reference }: { to: Part; reference: ImportReference },
): string | undefined {
  if (from === to) return undefined;
  if (!ALLOWED_IMPORTS[from].includes(to)) return allowedImportsText(from);
  const needsType = TYPE_ONLY_IMPORTS[from]?.includes(to) === true && !reference.isTypeOnly;
  return needsType ? `${from} may import only types of ${to}: write "import type"` : undefined;
}

/** Modules of others where MODULE_RULES does not allow them. */
export function modulesOutOfPlace(source: Source): string[] {
  return importsOf(source).flatMap((reference) => {
    const rule = MODULE_RULES.find(({ module }) => isWithin(reference.specifier, module));
    if (rule === undefined || matchesAny(source.path, rule.allowedIn)) return [];
    return report(source, { reference, fault: rule.reason });
  });
}

/** Modules and names of Node that touch the world, in a pure package. */
export function impureImports(source: Source): string[] {
  if (!mustBePure(source.path)) return [];
  return importsOf(source).flatMap((reference) => {
    const { specifier, names } = reference;
    if (!specifier.startsWith("node:")) return [];
    if (!(PURE_NODE_MODULES as readonly string[]).includes(specifier)) {
      return report(source, {
        reference,
        fault: "a pure package touches no file, network, process",
      });
    }
    const isChance = names.some((name) => IMPURE_CRYPTO_NAMES.includes(name));
    return isChance ? report(source, { reference, fault: "take a Random as a parameter" }) : [];
  });
}

/** Timer modules in the emulator outside its clock file. */
export function timerImports(source: Source): string[] {
  if (!mayNotSetTimers(source.path)) return [];
  return importsOf(source).flatMap((reference) => {
    const isTimer = (TIMERS.modules as readonly string[]).includes(reference.specifier);
    return isTimer
      ? report(source, { reference, fault: `timers live in ${EMULATOR_CLOCK_FILE}` })
      : [];
  });
}

/** Whether the file is the emulator's, and neither its clock nor a test. */
export function mayNotSetTimers(path: string): boolean {
  return partOf(path) === "emulator" && path !== EMULATOR_CLOCK_FILE && !isTest(path);
}

function report(
  source: Source,
  { reference, fault }: { reference: ImportReference; fault: string },
): string[] {
  return [`${source.path}:${reference.line} imports ${reference.specifier}: ${fault}`];
}
