import { readFileSync } from "node:fs";
import { join } from "node:path";

import { strToU8, zipSync } from "fflate";

const FUNCTIONS = join(import.meta.dirname, "functions");

/** The code of a function: its handler and its files by their names in the package. */
export interface DeploymentPackage {
  /** `file.export`. */
  readonly handler: string;
  readonly files: Readonly<Record<string, string>>;
}

/** The package of one file of the folder functions: `echo.handler` is the export of echo.mjs. */
export function packageOf(handler: string): DeploymentPackage {
  const file = `${handler.split(".")[0]}.mjs`;
  return { handler, files: { [file]: sourceOf(file) } };
}

/** The text of a file of the folder functions. */
export function sourceOf(file: string): string {
  return readFileSync(join(FUNCTIONS, file), "utf8");
}

/** Settings of a function whose runtime is started by a script of the folder functions. */
export function withWrapper(
  file: string,
  variables: Readonly<Record<string, string>> = {},
): { readonly Environment: object } {
  const wrapper = join(FUNCTIONS, file);
  return { Environment: { Variables: { AWS_LAMBDA_EXEC_WRAPPER: wrapper, ...variables } } };
}

/** The ZIP file, base64: what CreateFunction has in Code.ZipFile. */
export function zipped({ files }: DeploymentPackage): string {
  const entries = Object.entries(files).map(([name, text]) => [name, strToU8(text)] as const);
  return Buffer.from(zipSync(Object.fromEntries(entries))).toString("base64");
}
