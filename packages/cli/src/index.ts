export type { Bundle } from "./bundle.ts";
export { bundle } from "./bundle.ts";
export type { LoadedDefinition } from "./definition-file.ts";
export { loadDefinition } from "./definition-file.ts";
export type { DevSettings } from "./environment.ts";
export { readDevSettings } from "./environment.ts";
