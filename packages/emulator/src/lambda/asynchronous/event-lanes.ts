/** Events of one function that run at the same time: a burst of events must not start a process for each. */
const RUNNING_MAX = 8;

/** The events of one function that are due, in the order of arrival. */
interface Lane<Item> {
  readonly due: Item[];
  running: number;
}

/** Starts events in the order of arrival, for each function on its own, and few of one function at once. */
export class EventLanes<Item> {
  readonly #lanes = new Map<string, Lane<Item>>();
  /** Runs one attempt; it never rejects. */
  readonly #run: (item: Item) => Promise<void>;
  #isStopped = false;

  constructor(run: (item: Item) => Promise<void>) {
    this.#run = run;
  }

  add(functionName: string, item: Item): void {
    const lane = this.#lanes.get(functionName) ?? { due: [], running: 0 };
    this.#lanes.set(functionName, lane);
    lane.due.push(item);
    this.#advance(functionName, lane);
  }

  /** Starts nothing more. */
  stop(): void {
    this.#isStopped = true;
  }

  #advance(functionName: string, lane: Lane<Item>): void {
    while (!this.#isStopped && lane.running < RUNNING_MAX) {
      const item = lane.due.shift();
      if (item === undefined) break;
      lane.running += 1;
      void this.#run(item).finally(() => {
        lane.running -= 1;
        this.#advance(functionName, lane);
      });
    }
    if (lane.due.length === 0 && lane.running === 0) this.#lanes.delete(functionName);
  }
}
