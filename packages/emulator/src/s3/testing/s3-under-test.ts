import { mkdtempSync, rmSync } from "node:fs";
import { Agent } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { VirtualClock } from "@pilotlight/core/testing";

import { type Delivery, Deliveries } from "../../delivery.ts";
import type { ControlContext } from "../../control/control.ts";
import { awsEndpoint } from "../../aws-endpoint.ts";
import { listen, type ListeningServer } from "../../http/listen.ts";
import { s3Service } from "../s3-service.ts";
import { S3Store } from "../s3-store.ts";

/** The time of the machine that objects get. */
export const NOW_MS = Date.UTC(2026, 10, 24, 12, 0, 0, 789);

/** S3 alone behind an endpoint, with targets that keep what they get. */
export class S3UnderTest {
  readonly clock = new VirtualClock();
  readonly delivered: { readonly arn: string; readonly delivery: Delivery }[] = [];
  /** Targets that exist; others are refused. */
  readonly targets = new Set<string>();
  readonly errors: unknown[] = [];
  readonly directory: string;
  nowMs = NOW_MS;
  #store: S3Store | undefined;
  #server: ListeningServer | undefined;
  readonly #agents: Agent[] = [];

  constructor() {
    this.directory = mkdtempSync(join(tmpdir(), "pilotlight-s3-"));
  }

  get url(): string {
    return this.#server?.url ?? "";
  }

  get store(): S3Store {
    if (this.#store === undefined) throw new Error("S3 has not been started");
    return this.#store;
  }

  async start(): Promise<void> {
    const store = new S3Store({
      directory: this.directory,
      clock: this.clock,
      wallClock: { epochMs: () => this.nowMs, monotonicMs: () => this.nowMs },
      deliveries: this.#deliveries(),
      onError: (error) => this.errors.push(error),
    });
    this.#store = store;
    const onError = (error: unknown) => this.errors.push(error);
    this.#server = await listen(
      awsEndpoint({
        services: [s3Service({ store, onError })],
        // Nobody asks for the emulator's own paths here.
        control: {} as ControlContext,
        arrived: () => undefined,
        onError,
      }),
      { port: 0, variable: "PORT" },
    );
    store.start();
  }

  /** Ends S3 as a process ends that is killed: nothing is told. */
  async kill(): Promise<void> {
    for (const agent of this.#agents.splice(0)) agent.destroy();
    await this.#server?.close();
    await this.#store?.stop();
    this.#store?.close();
  }

  async restart(): Promise<void> {
    await this.kill();
    await this.start();
  }

  /** @throws AggregateError with the errors that S3 has told of. */
  async end(): Promise<void> {
    await this.kill();
    rmSync(this.directory, { recursive: true });
    if (this.errors.length > 0) throw new AggregateError(this.errors, "S3 has failed");
  }

  /** What a client is made with. */
  clientOptions({ forcePathStyle = true } = {}) {
    const { port } = new URL(this.url);
    // Not every system knows the names below localhost.
    const httpAgent = new Agent({
      keepAlive: true,
      lookup: (_host, _options, done) => done(null, [{ address: "127.0.0.1", family: 4 }]),
    });
    this.#agents.push(httpAgent);
    return {
      endpoint: `http://localhost:${port}`,
      region: "us-east-1",
      forcePathStyle,
      credentials: { accessKeyId: "test", secretAccessKey: "test" },
      maxAttempts: 1,
      requestHandler: { httpAgent },
    };
  }

  #deliveries(): Deliveries {
    const deliveries = new Deliveries();
    for (const service of ["sqs", "lambda", "events"]) {
      deliveries.add({
        service,
        exists: (arn) => this.targets.has(arn),
        deliver: (arn, delivery) => {
          this.delivered.push({ arn, delivery });
          return Promise.resolve({ kind: "delivered" });
        },
      });
    }
    return deliveries;
  }
}
