import type { DeliveryTarget } from "../delivery.ts";
import type { FunctionCaller } from "../function-caller.ts";

/** Functions as targets of messages: each becomes an event in the function's asynchronous queue. */
export function functionDelivery(functions: FunctionCaller): DeliveryTarget {
  return {
    service: "lambda",
    exists: (arn) => functions.exists(arn),
    deliver: (functionArn, { body, traceId }) => {
      const isAccepted = functions.send({
        functionArn,
        payload: Buffer.from(body),
        ...(traceId === undefined ? {} : { traceId }),
      });
      return Promise.resolve(
        isAccepted
          ? { kind: "delivered" }
          : { kind: "refused", reason: "the queue of asynchronous events is full" },
      );
    },
  };
}
