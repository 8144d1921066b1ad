/** One message on its way from one service of the emulated AWS to another. */
export interface Delivery {
  /** What a function gets as payload, a queue as message body, an event bus as detail: JSON text. */
  readonly body: string;
  /** Message attributes, where the target is a queue. */
  readonly attributes?: Readonly<Record<string, DeliveryAttribute>>;
  /** Where the target is a FIFO queue. */
  readonly groupId?: string;
  readonly deduplicationId?: string;
  /** The rest of the event, where the target is an event bus. */
  readonly event?: {
    readonly source: string;
    readonly detailType: string;
    readonly resources: readonly string[];
    /** Whether a rule of another bus sends it: such an event goes no further than this bus. */
    readonly isForwarded?: boolean;
  };
  readonly traceId?: string;
}

export interface DeliveryAttribute {
  readonly dataType: "String" | "Number";
  readonly stringValue: string;
}

/** Whether a message has arrived; a refusal says why not, in a sentence. */
export type DeliveryResult =
  | { readonly kind: "delivered" }
  | { readonly kind: "refused"; readonly reason: string };

/** A service that messages can be sent to. */
export interface DeliveryTarget {
  /** Its part of an ARN: `sqs` in `arn:aws:sqs:us-east-1:000000000000:name`. */
  readonly service: string;
  /** Whether the ARN names something that exists. */
  exists(arn: string): boolean;
  deliver(arn: string, delivery: Delivery): Promise<DeliveryResult>;
}

/** Sends messages to whatever an ARN names; services are added as they start. */
export class Deliveries {
  readonly #targets = new Map<string, DeliveryTarget>();

  add(target: DeliveryTarget): void {
    this.#targets.set(target.service, target);
  }

  /** Whether the ARN names something that exists and takes messages. */
  exists(arn: string): boolean {
    return this.#targetOf(arn)?.exists(arn) ?? false;
  }

  async deliver(arn: string, delivery: Delivery): Promise<DeliveryResult> {
    const target = this.#targetOf(arn);
    if (target !== undefined) return target.deliver(arn, delivery);
    const known = [...this.#targets.keys()].join(", ");
    return {
      kind: "refused",
      reason: `${arn} names no service that takes messages here; there are ${known}`,
    };
  }

  #targetOf(arn: string): DeliveryTarget | undefined {
    return this.#targets.get(arn.split(":")[2] ?? "");
  }
}
