import { BYTES_PER_MB, formatBytes, formatMs, LAMBDA_LIMITS } from "@pilotlight/core";

/**
 * Quotas that decide where a model lies.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html, read 2026-11-24.
 */
export const PLACEMENT_LIMITS = {
  /** Code and all layers together, unpacked. */
  unzippedBytesMax: LAMBDA_LIMITS.unzippedBytesMax,
  layersMax: LAMBDA_LIMITS.layersMax,
  /** A zip archive in the request itself; a larger one has to lie in S3. */
  directUploadBytesMax: 52_428_800,
  /** A container image with all its layers, uncompressed. */
  imageBytesMax: 10_737_418_240,
  tmpMbMin: 512,
  tmpMbMax: 10_240,
  initMsMax: LAMBDA_LIMITS.initSecMax * 1000,
} as const;

/** The places for a model: a layer below /opt, a container image, or S3 with a copy in /tmp at every cold start. */
export const PLACES = ["layer", "image", "s3"] as const;

/** One of {@link PLACES}. */
export type Place = (typeof PLACES)[number];

/** What a function carries beside the model, and how fast its model loads. */
export interface PlacementInput {
  /** Files of the model together, bytes. */
  readonly modelBytes: number;
  /** The model's zip archive, bytes. */
  readonly modelZipBytes: number;
  /** Code and the other layers, unpacked, bytes. */
  readonly otherUnzippedBytes: number;
  /** Layers beside the model's. */
  readonly otherLayers: number;
  /** Base of a container image: system, Node and code, bytes. */
  readonly imageBaseBytes: number;
  /** Init phase without the model, milliseconds. */
  readonly baseInitMs: number;
  /** Time from a place to an open session, milliseconds per MB (1,048,576 bytes) of the model. */
  readonly loadMsPerMb: Readonly<Record<Place, number>>;
}

/** What a place would mean for the model. */
export interface PlaceEstimate {
  readonly place: Place;
  readonly initMs: number;
  /** Each limit that the place would break, by how much; none where the model fits. */
  readonly overruns: readonly string[];
}

/** Where a model goes, or that it fits nowhere; `estimates` has every place in the order of {@link PLACES}. */
export type Placement =
  | {
      readonly place: "layer";
      /** How the layer's archive gets to Lambda. */
      readonly upload: "direct" | "s3";
      readonly reasons: readonly string[];
      readonly estimates: readonly PlaceEstimate[];
    }
  | {
      readonly place: "image";
      readonly reasons: readonly string[];
      readonly estimates: readonly PlaceEstimate[];
    }
  | {
      readonly place: "s3";
      /** Size of /tmp that the function needs, MB. */
      readonly tmpMb: number;
      readonly reasons: readonly string[];
      readonly estimates: readonly PlaceEstimate[];
    }
  | {
      readonly place: "none";
      readonly reasons: readonly string[];
      readonly estimates: readonly PlaceEstimate[];
    };

/**
 * Decides where a model lies: in a layer where it fits, else in whichever of image and S3 starts sooner.
 *
 * A layer comes first because it is there before the init phase begins and is not billed as one. Of the other two an
 * equal estimate goes to the image, which needs no copy in /tmp.
 *
 * @returns The place with its reasons, or `none` with every limit that each place breaks.
 */
export function planPlacement(input: PlacementInput): Placement {
  const estimates = PLACES.map((place) => estimate(place, input));
  const fitting = estimates.filter(({ overruns }) => overruns.length === 0);
  const soonest = Math.min(...fitting.map(({ initMs }) => initMs));
  const chosen =
    fitting.find(({ place }) => place === "layer") ??
    fitting.find(({ initMs }) => initMs === soonest);
  const refusals = estimates.flatMap(({ overruns }) => overruns);
  if (chosen === undefined) {
    const remedy = "quantise the model, or split it into models of their own";
    return { place: "none", reasons: [...refusals, remedy], estimates };
  }
  const reasons = [...refusals, reasonFor(chosen, input)];
  switch (chosen.place) {
    case "layer":
      return { place: "layer", ...uploadOf(input, reasons), estimates };
    case "image":
      return { place: "image", reasons, estimates };
    case "s3":
      return { place: "s3", tmpMb: tmpMbFor(input.modelBytes), reasons, estimates };
  }
}

function estimate(place: Place, input: PlacementInput): PlaceEstimate {
  const modelMb = input.modelBytes / BYTES_PER_MB;
  const initMs = input.baseInitMs + modelMb * input.loadMsPerMb[place];
  const overruns = [...sizeOverruns(place, input)];
  const { initMsMax } = PLACEMENT_LIMITS;
  if (initMs > initMsMax) {
    overruns.push(
      `${place}: the init phase takes an estimated ${formatMs(initMs)}, ${formatMs(initMs - initMsMax)} more than the ${formatMs(initMsMax)} that Lambda waits`,
    );
  }
  return { place, initMs, overruns };
}

function sizeOverruns(place: Place, input: PlacementInput): readonly string[] {
  switch (place) {
    case "layer":
      return layerOverruns(input);
    case "image": {
      const bytes = input.imageBaseBytes + input.modelBytes;
      return overrun("image: the whole image", bytes, PLACEMENT_LIMITS.imageBytesMax);
    }
    case "s3": {
      const outside = overrun(
        "s3: code and layers without the model",
        input.otherUnzippedBytes,
        PLACEMENT_LIMITS.unzippedBytesMax,
      );
      const tmpBytesMax = PLACEMENT_LIMITS.tmpMbMax * BYTES_PER_MB;
      return [...outside, ...overrun("s3: the copy in /tmp", input.modelBytes, tmpBytesMax)];
    }
  }
}

function layerOverruns(input: PlacementInput): readonly string[] {
  const bytes = input.otherUnzippedBytes + input.modelBytes;
  const size = overrun(
    "layer: code and layers unpacked with the model",
    bytes,
    PLACEMENT_LIMITS.unzippedBytesMax,
  );
  const layers = input.otherLayers + 1;
  if (layers <= PLACEMENT_LIMITS.layersMax) return size;
  return [
    ...size,
    `layer: the function would have ${layers} layers, Lambda accepts ${PLACEMENT_LIMITS.layersMax}`,
  ];
}

function overrun(what: string, bytes: number, bytesMax: number): readonly string[] {
  if (bytes <= bytesMax) return [];
  return [
    `${what}: ${bytes} bytes (${formatBytes(bytes)}), ${bytes - bytesMax} more than the ${bytesMax} (${formatBytes(bytesMax)}) that Lambda accepts`,
  ];
}

function reasonFor({ place, initMs }: PlaceEstimate, input: PlacementInput): string {
  const size = formatBytes(input.modelBytes);
  const time = `an estimated init of ${formatMs(initMs)}`;
  switch (place) {
    case "layer":
      return `layer: the model (${size}) fits beside code and other layers, with ${time}`;
    case "image":
      return `image: the model (${size}) fits into a container image, with ${time}`;
    case "s3":
      return `s3: the model (${size}) is copied to /tmp at every cold start, with ${time}`;
  }
}

function uploadOf(
  { modelZipBytes }: PlacementInput,
  reasons: readonly string[],
): { readonly upload: "direct" | "s3"; readonly reasons: readonly string[] } {
  const { directUploadBytesMax } = PLACEMENT_LIMITS;
  if (modelZipBytes <= directUploadBytesMax) return { upload: "direct", reasons };
  const reason = `layer: its archive has ${modelZipBytes} bytes, ${modelZipBytes - directUploadBytesMax} more than the ${directUploadBytesMax} (${formatBytes(directUploadBytesMax)}) of a direct upload: it is uploaded through S3`;
  return { upload: "s3", reasons: [...reasons, reason] };
}

/** /tmp is sized in whole MB and never below its least size. */
function tmpMbFor(modelBytes: number): number {
  return Math.max(PLACEMENT_LIMITS.tmpMbMin, Math.ceil(modelBytes / BYTES_PER_MB));
}
