/** A queue as plainly as it can be written: it looks at every message each time. */
export class NaiveQueue {
  #messages: NaiveMessage[] = [];
  readonly #isFifo: boolean;
  readonly #retentionMs: number;
  #nowMs = 0;

  constructor({ isFifo, retentionMs }: { isFifo: boolean; retentionMs: number }) {
    this.#isFifo = isFifo;
    this.#retentionMs = retentionMs;
  }

  advanceTo(nowMs: number): void {
    this.#nowMs = nowMs;
    this.#messages = this.#messages.filter(({ sentMs }) => sentMs + this.#retentionMs > nowMs);
    for (const message of this.#messages) {
      if (message.visibleAtMs <= nowMs) message.isInFlight = false;
    }
  }

  send({ id, groupId, delayMs }: { id: string; groupId: string; delayMs: number }): void {
    const visibleAtMs = this.#nowMs + delayMs;
    const sentMs = this.#nowMs;
    this.#messages.push({ id, groupId, sentMs, visibleAtMs, receiveCount: 0, isInFlight: false });
  }

  receive({
    messagesMax,
    visibilityMs,
    receiveCountMax,
  }: {
    messagesMax: number;
    visibilityMs: number;
    receiveCountMax: number;
  }): { received: string[]; dead: string[] } {
    const received: NaiveMessage[] = [];
    const dead: string[] = [];
    while (received.length < messagesMax) {
      const next = this.#next(received);
      if (next === undefined) break;
      if (next.receiveCount >= receiveCountMax) {
        this.#messages = this.#messages.filter((message) => message !== next);
        dead.push(next.id);
      } else {
        received.push(next);
        next.receiveCount += 1;
        next.isInFlight = true;
        next.visibleAtMs = Infinity;
      }
    }
    for (const message of received) {
      message.visibleAtMs = this.#nowMs + visibilityMs;
      message.isInFlight = visibilityMs > 0;
    }
    return { received: received.map(({ id }) => id), dead };
  }

  delete(id: string, receiveCount: number): string {
    const message = this.#messages.find((one) => one.id === id);
    if (message === undefined) return "unknown";
    if (this.#isFifo && !message.isInFlight) return "expired";
    if (message.receiveCount !== receiveCount) return "superseded";
    this.#messages = this.#messages.filter((one) => one !== message);
    return "deleted";
  }

  hide(id: string, { receiveCount, ms }: { receiveCount: number; ms: number }): string {
    const message = this.#messages.find((one) => one.id === id);
    if (message === undefined) return "unknown";
    if (message.receiveCount !== receiveCount) return "superseded";
    if (!message.isInFlight) return "not_in_flight";
    message.visibleAtMs = this.#nowMs + ms;
    message.isInFlight = ms > 0;
    return "hidden";
  }

  clear(): void {
    this.#messages = [];
  }

  counts(): { visible: number; inFlight: number; delayed: number } {
    const hidden = this.#messages.filter(({ visibleAtMs }) => visibleAtMs > this.#nowMs);
    const inFlight = hidden.filter(({ isInFlight }) => isInFlight).length;
    const visible = this.#messages.length - hidden.length;
    return { visible, inFlight, delayed: hidden.length - inFlight };
  }

  nextVisibleAtMs(): number | undefined {
    const times = this.#messages.map(({ visibleAtMs }) => visibleAtMs);
    const later = times.filter((ms) => ms > this.#nowMs);
    return later.length === 0 ? undefined : Math.min(...later);
  }

  /** The message that a receive takes next; messages are in the order of arrival. */
  #next(received: readonly NaiveMessage[]): NaiveMessage | undefined {
    const isVisible = (message: NaiveMessage): boolean => message.visibleAtMs <= this.#nowMs;
    if (!this.#isFifo) return this.#messages.find(isVisible);
    const headOf = (groupId: string): NaiveMessage | undefined => {
      const waiting = this.#messages.filter((one) => one.groupId === groupId && !one.isInFlight);
      const [head] = waiting;
      return head !== undefined && isVisible(head) ? head : undefined;
    };
    const last = received.at(-1);
    const continued = last === undefined ? undefined : headOf(last.groupId);
    if (continued !== undefined) return continued;
    return this.#messages.find((message) => {
      const group = this.#messages.filter(({ groupId }) => groupId === message.groupId);
      return headOf(message.groupId) === message && !group.some(({ isInFlight }) => isInFlight);
    });
  }
}

interface NaiveMessage {
  readonly id: string;
  readonly groupId: string;
  readonly sentMs: number;
  visibleAtMs: number;
  receiveCount: number;
  isInFlight: boolean;
}
