export { functionInvoker } from "./function-invoker.ts";
