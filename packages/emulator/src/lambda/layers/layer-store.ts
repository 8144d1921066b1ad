import { LAMBDA_LIMITS, type Timers } from "@pilotlight/core";

import { invalidParameter, resourceNotFound, validationFailed } from "../aws-error.ts";
import { codeInPlace, removeCode } from "../code.ts";
import type { FunctionCode, FunctionSettings, LayerReference } from "../function-record.ts";
import type { RequestMembers } from "../function-input.ts";
import { ACCOUNT_ID, REGION } from "../names.ts";

/** One published version of a layer. */
export interface LayerVersion {
  readonly layerName: string;
  readonly layerArn: string;
  readonly version: number;
  /** With the version. */
  readonly arn: string;
  readonly description: string;
  readonly licenseInfo: string | undefined;
  readonly compatibleRuntimes: readonly string[];
  readonly compatibleArchitectures: readonly string[];
  readonly createdEpochMs: number;
  readonly code: FunctionCode;
}

/** What its publisher says of a layer version. */
export type LayerDescription = Pick<
  LayerVersion,
  "description" | "licenseInfo" | "compatibleRuntimes" | "compatibleArchitectures" | "code"
>;

interface Layer {
  /** By number, oldest first. */
  readonly versions: Map<number, LayerVersion>;
  /** Numbers are never used again. */
  nextVersion: number;
}

const ARN_PATTERN_TEXT =
  "(arn:[a-zA-Z0-9-]+:lambda:[a-zA-Z0-9-]+:\\d{12}:layer:[a-zA-Z0-9-_]+:[0-9]+)|(arn:[a-zA-Z0-9-]+:lambda:::awslayer:[a-zA-Z0-9-_]+)";
const ARN_PATTERN =
  /^arn:[a-zA-Z0-9-]+:lambda:[a-zA-Z0-9-]+:\d{12}:layer:([a-zA-Z0-9-_]+):([0-9]+)$/;

/** All layers of the account. */
export class LayerStore {
  readonly #clock: Timers;
  readonly #layers = new Map<string, Layer>();

  constructor({ clock }: { clock: Timers }) {
    this.#clock = clock;
  }

  publish(layerName: string, description: LayerDescription): LayerVersion {
    const layer = this.#layers.get(layerName) ?? { versions: new Map(), nextVersion: 1 };
    this.#layers.set(layerName, layer);
    const version = layer.nextVersion;
    const arn = layerArn(layerName);
    const published: LayerVersion = {
      ...description,
      layerName,
      layerArn: arn,
      version,
      arn: `${arn}:${version}`,
      createdEpochMs: this.#clock.epochMs(),
    };
    layer.nextVersion += 1;
    layer.versions.set(version, published);
    return published;
  }

  /** The newest version of each layer that has one, by name. */
  newest(): LayerVersion[] {
    const newest = [...this.#layers.values()].flatMap(({ versions }) =>
      [...versions.values()].slice(-1),
    );
    return newest.toSorted((a, b) => (a.layerName < b.layerName ? -1 : 1));
  }

  /** The versions of one layer, newest first. */
  versions(layerName: string): LayerVersion[] {
    return [...(this.#layers.get(layerName)?.versions.values() ?? [])].toReversed();
  }

  /** @throws AwsError 404. */
  get(layerName: string, version: number): LayerVersion {
    const found = this.#layers.get(layerName)?.versions.get(version);
    if (found === undefined) throw resourceNotFound("The resource you requested does not exist.");
    return found;
  }

  /** @throws AwsError 400 for what is no ARN of a layer version, 404 for one that does not exist. */
  getByArn(arn: string): LayerVersion {
    const [, name = "", version = ""] = ARN_PATTERN.exec(arn) ?? [];
    if (name !== "") return this.get(name, Number(version));
    throw validationFailed([
      `Value '${arn}' at 'arn' failed to satisfy constraint: Member must satisfy regular expression pattern: ${ARN_PATTERN_TEXT}`,
    ]);
  }

  /** Functions that have the version keep it; deleting what does not exist is no error. */
  async delete(
    layerName: string,
    { version, isInUse }: { version: number; isInUse: (directory: string) => boolean },
  ): Promise<void> {
    const versions = this.#layers.get(layerName)?.versions;
    const code = versions?.get(version)?.code;
    versions?.delete(version);
    if (code !== undefined && !isInUse(code.directory)) await removeCode(code);
  }

  /**
   * The settings with the layers that a request names; without the member `Layers` they stay.
   *
   * @throws AwsError 400 with AWS's text for what is wrong with them.
   */
  applied(settings: FunctionSettings, members: RequestMembers): FunctionSettings {
    const value = members["Layers"];
    if (value === undefined || value === null) return settings;
    const arns: unknown[] = Array.isArray(value) ? value : [value];
    if (!arns.every((arn) => typeof arn === "string" && ARN_PATTERN.test(arn))) {
      throw validationFailed([
        `Value '[${arns.join(", ")}]' at 'layers' failed to satisfy constraint: Member must satisfy constraint: [Member must have length less than or equal to 2048, Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: ${ARN_PATTERN_TEXT}, Member must not be null]`,
      ]);
    }
    return { ...settings, layers: this.#references(arns.map(String)) };
  }

  #references(arns: readonly string[]): LayerReference[] {
    if (arns.length > LAMBDA_LIMITS.layersMax) {
      throw invalidParameter(`Cannot reference more than ${LAMBDA_LIMITS.layersMax} layers.`);
    }
    const layers = arns.map((arn) => arn.slice(0, arn.lastIndexOf(":")));
    const twice = layers.findIndex((layer, index) => layers.indexOf(layer) < index);
    if (twice >= 0) {
      const first = arns[layers.indexOf(layers[twice] ?? "")];
      throw invalidParameter(
        `Two different versions of the same layer are not allowed to be referenced in the same function. ${first} and ${arns[twice]} are versions of the same layer.`,
      );
    }
    return arns.map((arn) => this.#reference(arn));
  }

  #reference(arn: string): LayerReference {
    const [, name = "", version = ""] = ARN_PATTERN.exec(arn) ?? [];
    const found =
      layerArn(name) === arn.slice(0, arn.lastIndexOf(":"))
        ? this.#layers.get(name)?.versions.get(Number(version))
        : undefined;
    if (found === undefined) throw invalidParameter(`Layer version ${arn} does not exist.`);
    return { arn, sizeBytes: found.code.sizeBytes, directory: found.code.directory };
  }
}

export function layerArn(layerName: string): string {
  return `arn:aws:lambda:${REGION}:${ACCOUNT_ID}:layer:${layerName}`;
}

/**
 * Checks what a function's code and its layers take up unpacked, together.
 *
 * @throws AwsError 400 above 250 MB.
 */
export async function checkUnzippedSize(
  { layers = [] }: FunctionSettings,
  code: FunctionCode,
): Promise<void> {
  if (layers.length === 0) return;
  const folders = [code.directory, ...layers.map(({ directory }) => directory)];
  const sizes = await Promise.all(folders.map((directory) => codeInPlace(directory)));
  const total = sizes.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  if (total <= LAMBDA_LIMITS.unzippedBytesMax) return;
  throw invalidParameter(
    `Function code combined with layers exceeds the maximum allowed size of ${LAMBDA_LIMITS.unzippedBytesMax} bytes. The actual size is ${total} bytes.`,
  );
}
