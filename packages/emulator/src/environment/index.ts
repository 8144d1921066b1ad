export { startEnvironment } from "./environment.ts";
