import { randomUUID } from "node:crypto";

import type { Random, Timers } from "@pilotlight/core";

import type { FunctionVersion } from "../environment/contract.ts";
import { chosenVersion } from "./alias-routing.ts";
import { preconditionFailed, resourceConflict, resourceNotFound } from "./aws-error.ts";
import type {
  AliasRecord,
  FunctionCode,
  FunctionRecord,
  FunctionSettings,
  VersionRecord,
} from "./function-record.ts";
import { nextFunctionPhase } from "./function-state.ts";
import { functionArn, type FunctionReference, isAliasName, LATEST } from "./names.ts";

/**
 * How long an update stays in progress, service time.
 *
 * AWS takes from under a second to minutes; this is long enough for a second update on its heels to meet
 * the first one.
 */
const UPDATE_MS = 250;

/** A version that an invocation can be sent to. */
export interface InvocationTarget {
  readonly record: VersionRecord;
  /** The ARN as the function sees it: with the qualifier, where the caller gave one. */
  readonly invokedArn: string;
}

/** Below no weight, so that an alias gives its first version. */
const ALWAYS_FIRST: Random = { next: () => 1 };

interface StoreOptions {
  readonly clock: Timers;
  /** Chooses between the versions of a weighted alias; without it, all requests go to the first. */
  readonly random?: Random;
  /** Called with every version that can no longer be invoked as it was: its environments are to end. */
  readonly onRetired: (record: VersionRecord) => void;
  readonly observer?: StoreObserver;
}

/** Told of what gives or takes away the ground under something that hangs on a function, a version or an alias. */
export interface StoreObserver {
  onFunctionCreated?(functionName: string): void;
  onVersionDeleted(functionName: string, version: string): void;
  /** @param version - The one that the alias points at now. */
  onAliasMoved(functionName: string, alias: string, version: FunctionVersion): void;
  onAliasDeleted(functionName: string, alias: string): void;
  onFunctionDeleted(functionName: string): void;
}

/** All functions of the account: settings, code, state, versions and aliases. */
export class FunctionStore {
  readonly #functions = new Map<string, FunctionRecord>();
  readonly #updates = new Map<FunctionRecord, Promise<void>>();
  readonly #clock: Timers;
  readonly #random: Random;
  readonly #onRetired: (record: VersionRecord) => void;
  readonly #observers: Partial<StoreObserver>[];

  constructor({ clock, random = ALWAYS_FIRST, onRetired, observer }: StoreOptions) {
    this.#clock = clock;
    this.#random = random;
    this.#onRetired = onRetired;
    this.#observers = observer === undefined ? [] : [observer];
  }

  /** Tells one more observer, of what it asks for, from here on. */
  observe(observer: Partial<StoreObserver>): void {
    this.#observers.push(observer);
  }

  /** @throws AwsError 409 when the function exists. */
  create(
    name: string,
    { settings, code }: { settings: FunctionSettings; code: FunctionCode },
  ): FunctionRecord {
    if (this.#functions.has(name)) throw resourceConflict(`Function already exist: ${name}`);
    const arn = functionArn(name);
    const record: FunctionRecord = {
      name,
      arn,
      phase: "creating",
      latest: this.#version({ name, version: LATEST, settings, code }),
      publishedFrom: undefined,
      versions: new Map(),
      aliases: new Map(),
      policies: new Map(),
      tags: new Map(),
      runtimeManagement: new Map(),
      nextVersion: 1,
    };
    this.#functions.set(name, record);
    return record;
  }

  /** Ends the state Pending: from here on the function is Active. */
  finishCreation(record: FunctionRecord): void {
    record.phase = nextFunctionPhase(record.phase, "created") ?? record.phase;
    record.latest = { ...record.latest, revisionId: randomUUID() };
    for (const observer of this.#observers) observer.onFunctionCreated?.(record.name);
  }

  /** By name, in the order of names, as ListFunctions gives them. */
  list(): FunctionRecord[] {
    return [...this.#functions.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  find(name: string): FunctionRecord | undefined {
    return this.#functions.get(name);
  }

  /** @throws AwsError 404; its text names the unqualified ARN. */
  get(name: string): FunctionRecord {
    const record = this.#functions.get(name);
    if (record === undefined) throw resourceNotFound(`Function not found: ${functionArn(name)}`);
    return record;
  }

  /**
   * The version or alias that `qualifier` names; without one, `$LATEST`.
   *
   * @throws AwsError 404 when there is no such function, version or alias.
   */
  resolve({ name, qualifier }: FunctionReference): VersionRecord {
    const record = this.#functions.get(name);
    const version = record === undefined ? undefined : this.#lookUp(record, qualifier);
    if (version === undefined) {
      throw resourceNotFound(`Function not found: ${functionArn(name, qualifier)}`);
    }
    return version;
  }

  /**
   * Where an Invoke goes.
   *
   * @throws AwsError 404; AWS names `$LATEST` in the text where the caller gave no qualifier.
   */
  target(reference: FunctionReference): InvocationTarget {
    const target = this.findTarget(reference);
    if (target !== undefined) return target;
    const { name, qualifier } = reference;
    throw resourceNotFound(`Function not found: ${functionArn(name, qualifier ?? LATEST)}`);
  }

  /**
   * As {@link FunctionStore.target}, `undefined` where there is nothing to invoke.
   *
   * A weighted alias chooses its version here, anew for each call.
   */
  findTarget({ name, qualifier }: FunctionReference): InvocationTarget | undefined {
    const record = this.#functions.get(name);
    const version =
      record === undefined ? undefined : this.#lookUp(record, qualifier, this.#random);
    if (record === undefined || version === undefined) return undefined;
    const invokedArn = qualifier === undefined ? record.arn : `${record.arn}:${qualifier}`;
    return { record: version, invokedArn };
  }

  /**
   * Gives `$LATEST` new settings or code; what runs finishes on the old ones.
   *
   * @param revisionId - Where the caller gave one, it must be the current one.
   * @throws AwsError 409 while another update is in progress, 412 for an old revision.
   */
  update(
    record: FunctionRecord,
    change: {
      settings?: FunctionSettings;
      code?: FunctionCode;
      revisionId?: string | undefined;
    },
  ): void {
    this.checkUpdatable(record, change.revisionId);
    record.phase = nextFunctionPhase(record.phase, "update") ?? record.phase;
    this.replace(record, change);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#updates.set(record, promise);
    this.#clock.after(UPDATE_MS, () => {
      record.phase = nextFunctionPhase(record.phase, "updated") ?? record.phase;
      record.latest = { ...record.latest, revisionId: randomUUID() };
      this.#updates.delete(record);
      resolve();
    });
  }

  /** Replaces settings or code at once, without the state in between. */
  replace(
    record: FunctionRecord,
    { settings, code }: { settings?: FunctionSettings; code?: FunctionCode },
  ): void {
    const old = record.latest;
    record.latest = this.#version({
      name: record.name,
      version: LATEST,
      settings: settings ?? old.settings,
      code: code ?? old.code,
    });
    this.#onRetired(old);
  }

  /** @throws AwsError as {@link FunctionStore.update}. */
  checkUpdatable(record: FunctionRecord, revisionId: string | undefined): void {
    if (nextFunctionPhase(record.phase, "update") === undefined) {
      throw resourceConflict(
        `The operation cannot be performed at this time. An update is in progress for resource: ${record.arn}`,
      );
    }
    this.checkRevision(record.latest, revisionId);
  }

  /** @throws AwsError 412 when `revisionId` is given and is not the current one. */
  checkRevision(current: { readonly revisionId: string }, revisionId: string | undefined): void {
    if (!isCurrent(current, revisionId)) throw preconditionFailed();
  }

  /** The version or alias that has a policy, for its revision. @throws AwsError 404 when there is none. */
  resolvePlace(record: FunctionRecord, qualifier: string): { readonly revisionId: string } {
    const { name } = record;
    return record.aliases.get(qualifier) ?? this.resolve({ name, qualifier });
  }

  /** Gives a version or an alias a new revision: something that hangs on it has changed. */
  renewRevision(record: FunctionRecord, qualifier: string): void {
    const revisionId = randomUUID();
    const alias = record.aliases.get(qualifier);
    const version = record.versions.get(qualifier);
    if (qualifier === LATEST) record.latest = { ...record.latest, revisionId };
    else if (alias !== undefined) record.aliases.set(qualifier, { ...alias, revisionId });
    else if (version !== undefined) record.versions.set(qualifier, { ...version, revisionId });
  }

  /** Settles when no update is in progress. */
  async settled(record: FunctionRecord): Promise<void> {
    await this.#updates.get(record);
  }

  /**
   * Makes a version of what `$LATEST` is now; without a change since the last one, that one is given again.
   *
   * @param description - Of the version; by default that of `$LATEST`.
   */
  publish(
    record: FunctionRecord,
    { description }: { description?: string | undefined } = {},
  ): VersionRecord {
    const newest = record.versions.get(String(record.nextVersion - 1));
    const from = record.publishedFrom;
    if (newest !== undefined && from !== undefined && isSame(from, record.latest)) return newest;
    const { settings, code } = record.latest;
    const published = this.#version({
      name: record.name,
      version: String(record.nextVersion),
      settings: { ...settings, description: description ?? settings.description },
      code,
    });
    record.versions.set(published.version, published);
    record.nextVersion += 1;
    record.publishedFrom = record.latest;
    return published;
  }

  /** Removes a function with all its versions and aliases. */
  delete(record: FunctionRecord): void {
    this.#functions.delete(record.name);
    for (const observer of this.#observers) observer.onFunctionDeleted?.(record.name);
    for (const version of [record.latest, ...record.versions.values()]) this.#onRetired(version);
  }

  /** Removes one published version; removing one that does not exist changes nothing. */
  deleteVersion(record: FunctionRecord, version: string): void {
    const removed = record.versions.get(version);
    if (removed === undefined) return;
    record.versions.delete(version);
    record.policies.delete(version);
    record.runtimeManagement.delete(version);
    for (const observer of this.#observers) observer.onVersionDeleted?.(record.name, version);
    this.#onRetired(removed);
  }

  /** Points an alias at a version, making it where it does not exist. */
  putAlias(record: FunctionRecord, given: Omit<AliasRecord, "revisionId">): AliasRecord {
    const { name } = given;
    const alias = { ...given, revisionId: randomUUID() };
    record.aliases.set(name, alias);
    const version = this.#lookUp(record, name);
    if (version === undefined) return alias;
    for (const observer of this.#observers) {
      observer.onAliasMoved?.(record.name, name, version.running);
    }
    return alias;
  }

  /** Removes an alias; removing one that does not exist changes nothing. */
  deleteAlias(record: FunctionRecord, name: string): void {
    record.aliases.delete(name);
    record.policies.delete(name);
    for (const observer of this.#observers) observer.onAliasDeleted?.(record.name, name);
  }

  /** Whether any version of any function still needs the folder. */
  isInUse(directory: string): boolean {
    return this.list().some((record) =>
      [record.latest, ...record.versions.values()].some(
        (version) => version.code.directory === directory,
      ),
    );
  }

  /** @param random - Of a request, which a weighted alias sends to either of its versions. */
  #lookUp(
    record: FunctionRecord,
    qualifier: string | undefined,
    random = ALWAYS_FIRST,
  ): VersionRecord | undefined {
    if (qualifier === undefined || qualifier === LATEST) return record.latest;
    if (!isAliasName(qualifier)) return record.versions.get(qualifier);
    const alias = record.aliases.get(qualifier);
    if (alias === undefined) return undefined;
    const version = chosenVersion(alias, random);
    return version === LATEST ? record.latest : record.versions.get(version);
  }

  #version({
    name,
    version,
    settings,
    code,
  }: {
    name: string;
    version: string;
    settings: FunctionSettings;
    code: FunctionCode;
  }): VersionRecord {
    const { layers = [], layerDirectories = [] } = settings;
    const running: FunctionVersion = {
      functionName: name,
      functionArn: functionArn(name),
      version,
      handler: settings.handler,
      codeDirectory: code.directory,
      memoryMb: settings.memoryMb,
      timeoutSec: settings.timeoutSec,
      variables: settings.variables,
      nodePath: settings.nodePath,
      layerDirectories: [...layerDirectories, ...layers.map(({ directory }) => directory)],
      logging: settings.logging,
    };
    return {
      version,
      settings,
      code,
      revisionId: randomUUID(),
      lastModifiedEpochMs: this.#clock.epochMs(),
      running,
    };
  }
}

/** Whether an update may go on: it names no revision, or the current one. */
export function isCurrent(
  current: { readonly revisionId: string },
  revisionId: string | undefined,
): boolean {
  return revisionId === undefined || revisionId === current.revisionId;
}

/** Names of the aliases that send requests to the version. */
export function aliasesOf(record: FunctionRecord, version: string): string[] {
  return [...record.aliases.values()]
    .filter((alias) => alias.functionVersion === version || alias.routing?.version === version)
    .map((alias) => alias.name);
}

function isSame(a: VersionRecord, b: VersionRecord): boolean {
  return (
    a.code.sha256 === b.code.sha256 && JSON.stringify(a.settings) === JSON.stringify(b.settings)
  );
}
