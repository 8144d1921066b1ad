import { readFileSync } from "node:fs";
import { join } from "node:path";

import { CHECKOUT } from "./checkout.ts";

interface PackageJson {
  readonly version: string;
}

/** Version of Pilotlight, as `GET /v2` and `--version` report it. */
export const SERVER_VERSION = (
  JSON.parse(readFileSync(join(CHECKOUT, "package.json"), "utf8")) as PackageJson
).version;
