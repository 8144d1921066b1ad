import { join } from "node:path";

import type { Random, Timers } from "@pilotlight/core";

import { realClock } from "./clock.ts";
import { Deliveries } from "./delivery.ts";
import type { EnvironmentListener } from "./environment/contract.ts";
import { EventBuses, eventsDelivery } from "./events/event-buses.ts";
import { eventsService } from "./events/events-service.ts";
import { FaultPlan } from "./faults/fault-plan.ts";
import { FunctionUrls } from "./function-url/function-urls.ts";
import { EventInvokeConfigs } from "./lambda/asynchronous/event-invoke-config.ts";
import { removeCode } from "./lambda/code.ts";
import { FunctionStore } from "./lambda/function-store.ts";
import type { VersionRecord } from "./lambda/function-record.ts";
import { Invoker } from "./lambda/invoke.ts";
import { lambdaService } from "./lambda/lambda-service.ts";
import { EnvironmentPool, type StartPooledEnvironment } from "./lambda/pool.ts";
import type { Reply } from "./http/reply.ts";
import type { StreamedReply } from "./http/streamed-reply.ts";
import { schedulerService } from "./scheduler/scheduler-service.ts";
import { Schedules } from "./scheduler/schedules.ts";
import type { AwsService } from "./service.ts";
import { AccountQueues } from "./sqs/account-queues.ts";
import { sqsDelivery } from "./sqs/queue-delivery.ts";
import { sqsService } from "./sqs/sqs-service.ts";

interface AccountOptions {
  /** Service time. */
  readonly clock: Timers;
  readonly random: Random;
  readonly stateDirectory: string;
  readonly concurrencyMax: number;
  readonly keepAliveMs: number;
  readonly startEnvironment: StartPooledEnvironment;
  readonly onLog: EnvironmentListener["onLog"];
  readonly onError: (error: unknown) => void;
  /** Address of the AWS endpoint, once it listens. */
  readonly awsUrl: () => string;
}

/** The services of the one account, and how they reach each other. */
export class Account {
  readonly pool: EnvironmentPool;
  readonly store: FunctionStore;
  readonly invoker: Invoker;
  readonly urls: FunctionUrls;
  readonly deliveries = new Deliveries();
  readonly eventInvokeConfigs = new EventInvokeConfigs();
  readonly faults: FaultPlan;
  readonly buses: EventBuses;
  readonly schedules: Schedules;
  readonly queues: AccountQueues;
  readonly services: readonly AwsService<Reply | StreamedReply>[];
  readonly #retirements = new Set<Promise<void>>();

  constructor(options: AccountOptions) {
    const { clock, stateDirectory, concurrencyMax, onError } = options;
    this.faults = new FaultPlan(options.random);
    this.pool = new EnvironmentPool({
      startEnvironment: options.startEnvironment,
      clock,
      timers: realClock,
      concurrencyMax,
      keepAliveMs: options.keepAliveMs,
      onLog: options.onLog,
    });
    this.store = new FunctionStore({
      clock,
      random: options.random,
      onRetired: (record) => {
        const retirement = this.#retire(record)
          .catch(onError)
          .finally(() => this.#retirements.delete(retirement));
        this.#retirements.add(retirement);
      },
    });
    this.invoker = new Invoker({
      store: this.store,
      pool: this.pool,
      configs: this.eventInvokeConfigs,
      deliveries: this.deliveries,
      clock,
      stateDirectory,
      tell: onError,
    });
    this.urls = new FunctionUrls({ caller: this.invoker, clock, timers: realClock, onError });
    this.store.observe(this.urls);
    this.deliveries.add({
      service: "lambda",
      exists: (arn) => this.invoker.exists(arn),
      deliver: async (functionArn, { body, traceId }) =>
        this.invoker.send({
          functionArn,
          payload: Buffer.from(body),
          ...(traceId === undefined ? {} : { traceId }),
        })
          ? { kind: "delivered" }
          : { kind: "refused", reason: "the queue of asynchronous events is full" },
    });
    const timed = { clock, random: options.random, deliveries: this.deliveries, onError };
    this.buses = new EventBuses({ ...timed, directory: join(stateDirectory, "events") });
    this.schedules = new Schedules({ ...timed, directory: join(stateDirectory, "scheduler") });
    this.deliveries.add(eventsDelivery(this.buses));
    this.queues = new AccountQueues({
      clock,
      directory: join(stateDirectory, "sqs"),
      baseUrl: options.awsUrl,
    });
    this.deliveries.add(sqsDelivery(this.queues));
    this.services = [
      lambdaService({
        store: this.store,
        invoker: this.invoker,
        urls: this.urls,
        eventInvokeConfigs: this.eventInvokeConfigs,
        deliveries: this.deliveries,
        nowEpochMs: () => clock.epochMs(),
        codeDirectory: join(stateDirectory, "code"),
        concurrencyMax,
      }),
      eventsService(this.buses),
      schedulerService(this.schedules),
      sqsService(this.queues),
    ];
  }

  /** Starts nothing new: no event, no delivery. @returns How many deliveries of event buses are lost. */
  refuse(): number {
    this.queues.stop();
    this.urls.refuse();
    this.invoker.stopEvents();
    return this.buses.stop() + this.schedules.stop();
  }

  /** Closes what is kept for the next start, when nothing changes it any more. @returns How many events it has. */
  close(): number {
    this.buses.close();
    this.schedules.close();
    return this.invoker.closeEvents();
  }

  /** Ends every environment; settles when none is left and code that nobody uses any more is removed. */
  async end(): Promise<void> {
    await this.pool.stop();
    await Promise.all([...this.#retirements, this.urls.close()]);
  }

  async #retire({ running, code }: VersionRecord): Promise<void> {
    await this.pool.retire(running);
    if (!this.store.isInUse(code.directory)) await removeCode(code);
  }
}
