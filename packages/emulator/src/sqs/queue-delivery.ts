import type { Delivery, DeliveryTarget } from "../delivery.ts";
import type { MessageAttribute, OutgoingMessage, Queues } from "./contract.ts";

/** Queues as targets of destinations, rules and notifications. */
export function sqsDelivery(queues: Queues): DeliveryTarget {
  return {
    service: "sqs",
    exists: (arn) => queues.find(arn) !== undefined,
    deliver: async (arn, delivery) => {
      const result = await queues.send(arn, outgoingMessage(delivery));
      if (result.kind === "sent") return { kind: "delivered" };
      return { kind: "refused", reason: `${result.code}: ${result.message}` };
    },
  };
}

function outgoingMessage(delivery: Delivery): OutgoingMessage {
  const { body, attributes, groupId, deduplicationId, traceId } = delivery;
  const traceHeader: MessageAttribute | undefined =
    traceId === undefined ? undefined : { dataType: "String", stringValue: traceId };
  return {
    body,
    ...(attributes !== undefined && { attributes }),
    ...(traceHeader !== undefined && { systemAttributes: { AWSTraceHeader: traceHeader } }),
    ...(groupId !== undefined && { groupId }),
    ...(deduplicationId !== undefined && { deduplicationId }),
  };
}
