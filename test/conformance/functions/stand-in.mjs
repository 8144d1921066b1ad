/*
 * Stands in for the runtime of an execution environment: tells the test where the Runtime API is and
 * stays until the test has ended its part.
 */
import { request } from "node:http";

const call = request(process.env.STAND_IN_URL, { method: "POST" }, (response) => {
  response.resume();
  response.on("end", () => process.exit(0));
});
call.on("error", () => process.exit(1));
call.end(process.env.AWS_LAMBDA_RUNTIME_API);
