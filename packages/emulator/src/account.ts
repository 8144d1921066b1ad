import { join } from "node:path";

import type { Random, Timers } from "@pilotlight/core";

import { realClock } from "./clock.ts";
import { ContainerService, type ContainerServiceOptions } from "./container/container-service.ts";
import type { ContainerDefinition, ContainerEvent } from "./container/contract.ts";
import { processHost } from "./container/process-host.ts";
import { Deliveries, type DeliveryTarget } from "./delivery.ts";
import type { EnvironmentListener } from "./environment/contract.ts";
import { EventSources } from "./event-source/event-sources.ts";
import { EventBuses, eventsDelivery } from "./events/event-buses.ts";
import { eventsService } from "./events/events-service.ts";
import { FaultPlan } from "./faults/fault-plan.ts";
import { FunctionUrls } from "./function-url/function-urls.ts";
import { EventInvokeConfigs } from "./lambda/asynchronous/event-invoke-config.ts";
import { removeCode } from "./lambda/code.ts";
import { Concurrency, type EnvironmentLaws } from "./lambda/concurrency/concurrency.ts";
import { functionDelivery } from "./lambda/function-delivery.ts";
import { FunctionStore } from "./lambda/function-store.ts";
import type { VersionRecord } from "./lambda/function-record.ts";
import { Invoker } from "./lambda/invoke.ts";
import { LayerStore } from "./lambda/layers/layer-store.ts";
import { lambdaService } from "./lambda/lambda-service.ts";
import type { StartPooledEnvironment } from "./lambda/pool.ts";
import type { Reply } from "./http/reply.ts";
import type { StreamedReply } from "./http/streamed-reply.ts";
import { objectReader } from "./s3/object-reader.ts";
import { s3Service } from "./s3/s3-service.ts";
import { S3Store } from "./s3/s3-store.ts";
import { schedulerService } from "./scheduler/scheduler-service.ts";
import { Schedules } from "./scheduler/schedules.ts";
import type { AwsService, StreamingService } from "./service.ts";
import { AccountQueues } from "./sqs/account-queues.ts";
import { sqsDelivery } from "./sqs/queue-delivery.ts";
import { sqsService } from "./sqs/sqs-service.ts";
import type { Trace } from "./trace/trace-event.ts";

interface AccountOptions {
  /** Service time. */
  readonly clock: Timers;
  readonly random: Random;
  readonly stateDirectory: string;
  readonly codeDirectory: string;
  readonly concurrencyMax: number;
  readonly laws: EnvironmentLaws;
  readonly startEnvironment: StartPooledEnvironment;
  readonly onLog: EnvironmentListener["onLog"];
  /** Gets what happens. */
  readonly trace?: Trace | undefined;
  readonly onError: (error: unknown) => void;
  /** Address of the AWS endpoint, once it listens. */
  readonly awsUrl: () => string;
}

/** The services of the one account, and how they reach each other. */
export class Account {
  readonly concurrency: Concurrency;
  readonly store: FunctionStore;
  readonly invoker: Invoker;
  readonly urls: FunctionUrls;
  readonly deliveries = new Deliveries();
  readonly eventInvokeConfigs = new EventInvokeConfigs();
  readonly faults: FaultPlan;
  readonly buses: EventBuses;
  readonly schedules: Schedules;
  readonly queues: AccountQueues;
  readonly eventSources: EventSources;
  readonly objects: S3Store;
  readonly services: readonly (AwsService<Reply | StreamedReply> | StreamingService)[];
  readonly #containers: ContainerService[] = [];
  readonly #containerPlace: Omit<ContainerServiceOptions, "definition" | "onEvent">;
  readonly #retirements = new Set<Promise<void>>();

  constructor(options: AccountOptions) {
    const { clock, random, onError, stateDirectory } = options;
    const { deliveries } = this;
    this.faults = new FaultPlan(random, (fault, name) =>
      options.trace?.({
        event: "fault",
        atEpochMs: clock.epochMs(),
        fault: fault.kind,
        name: name ?? null,
      }),
    );
    const { faults } = this;
    this.concurrency = new Concurrency({ ...options, ...options.laws });
    const { ledger, pool } = this.concurrency;
    this.store = new FunctionStore({
      clock,
      random,
      observer: this.concurrency,
      onRetired: (record) => this.#retireSoon(record, onError),
    });
    const { store } = this;
    const configs = this.eventInvokeConfigs;
    const common = { clock, random, deliveries, faults, onError };
    this.#containerPlace = { ...common, host: processHost(realClock), timers: realClock };
    this.invoker = new Invoker({ ...common, store, pool, configs, stateDirectory, tell: onError });
    this.urls = new FunctionUrls({ caller: this.invoker, clock, timers: realClock, onError });
    store.observe(this.urls);
    this.buses = new EventBuses({ ...common, directory: join(stateDirectory, "events") });
    this.schedules = new Schedules({ ...common, directory: join(stateDirectory, "scheduler") });
    this.queues = new AccountQueues({
      ...common,
      directory: join(stateDirectory, "sqs"),
      baseUrl: options.awsUrl,
    });
    this.eventSources = new EventSources({
      ...common,
      store,
      queues: this.queues,
      functions: this.invoker,
      journalPath: join(stateDirectory, "lambda", "event-source-mappings.jsonl"),
      concurrencyMax: ledger.concurrencyMax,
    });
    const wallClock = realClock;
    this.objects = new S3Store({ ...common, wallClock, directory: join(stateDirectory, "s3") });
    for (const target of this.#targets()) deliveries.add(target);
    this.services = this.#servicesOf(options);
    this.objects.start();
    // Records wait for targets that are there only now.
    this.invoker.startEvents();
  }

  /** A container service with no task. */
  createContainer(
    definition: ContainerDefinition,
    onEvent: ((event: ContainerEvent) => void) | undefined,
  ): ContainerService {
    const service = new ContainerService({
      ...this.#containerPlace,
      definition,
      ...(onEvent === undefined ? {} : { onEvent }),
    });
    this.#containers.push(service);
    return service;
  }

  /** Starts nothing new: no event, no delivery. @returns How many deliveries of event buses are lost. */
  refuse(): number {
    this.eventSources.stop();
    void this.objects.stop();
    this.queues.stop();
    this.urls.refuse();
    this.invoker.stopEvents();
    return this.buses.stop() + this.schedules.stop();
  }

  /** Closes what is kept for the next start, when nothing changes it any more. @returns How many events it has. */
  close(): number {
    this.objects.close();
    this.queues.close();
    this.buses.close();
    this.schedules.close();
    return this.invoker.closeEvents();
  }

  /** Ends every environment; settles when none is left and code that nobody uses any more is removed. */
  async end(): Promise<void> {
    await Promise.all([
      ...this.#containers.map((service) => service.stop()),
      this.concurrency.stop(),
      this.eventSources.end(),
      this.objects.stop(),
    ]);
    await Promise.all(this.#retirements);
  }

  #servicesOf({ clock, codeDirectory, onError }: AccountOptions): Account["services"] {
    return [
      lambdaService({
        store: this.store,
        invoker: this.invoker,
        urls: this.urls,
        eventInvokeConfigs: this.eventInvokeConfigs,
        eventSources: this.eventSources,
        deliveries: this.deliveries,
        nowEpochMs: () => clock.epochMs(),
        codeDirectory,
        layers: new LayerStore({ clock }),
        objects: objectReader(this.objects),
        ledger: this.concurrency.ledger,
        provisioner: this.concurrency.provisioner,
        clock,
      }),
      eventsService(this.buses),
      schedulerService(this.schedules),
      sqsService(this.queues),
      s3Service({ store: this.objects, onError }),
    ];
  }

  #targets(): readonly DeliveryTarget[] {
    return [functionDelivery(this.invoker), eventsDelivery(this.buses), sqsDelivery(this.queues)];
  }

  #retireSoon(record: VersionRecord, onError: (error: unknown) => void): void {
    const retirement = this.#retire(record)
      .catch(onError)
      .finally(() => this.#retirements.delete(retirement));
    this.#retirements.add(retirement);
  }

  async #retire({ running, code }: VersionRecord): Promise<void> {
    await this.concurrency.pool.retire(running);
    if (!this.store.isInUse(code.directory)) await removeCode(code);
  }
}
