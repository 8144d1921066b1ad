import { readFile } from "node:fs/promises";
import { deflateSync } from "node:zlib";

import fc from "fast-check";
import { decode, encode } from "fast-png";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { beforeAll, describe, expect, test } from "vitest";

import {
  chunk,
  GREY,
  GREY_ALPHA,
  greyPalette,
  header,
  inverted,
  packed,
  picture,
  placed,
  png,
  RGB,
  RGBA,
  WHITE_ON_NOTHING,
} from "./drawing.ts";
import type { Drawing } from "./drawing.ts";
import handler from "./handler.ts";

process.env["ORT_DISABLE_TELEMETRY"] = "1";

let session: InferenceSession;
let sevenPng: Uint8Array;
let seven: Drawing;

beforeAll(async () => {
  session = await InferenceSession.create(await readSibling("model.onnx"));
  sevenPng = await readSibling("seven.png");
  const { width, height, data } = decode(sevenPng);
  seven = { width, height, darkness: Array.from(data, (value) => 1 - value / 255) };
});

function readSibling(name: string): Promise<Uint8Array> {
  return readFile(new URL(name, import.meta.url));
}

function inputOf(body: Uint8Array, contentType = "image/png") {
  const { image } = handler.preprocess({ body, contentType, headers: {} });
  if (!(image?.data instanceof Float32Array)) throw new Error("preprocess made no float tensor");
  return { shape: image.shape, data: image.data };
}

async function predict(body: Uint8Array, contentType = "image/png") {
  const image = inputOf(body, contentType);
  const outputs = await session.run({ image: new Tensor("float32", image.data, image.shape) });
  const { label, probabilities } = outputs as Record<string, Tensor>;
  if (label === undefined || probabilities === undefined)
    throw new Error("the model gave too little");
  const named = {
    label: {
      name: "label",
      datatype: "INT64",
      shape: [1],
      data: label.data as BigInt64Array,
    },
    probabilities: {
      name: "probabilities",
      datatype: "FP32",
      shape: [1, 10],
      data: probabilities.data as Float32Array,
    },
  } as const;
  return handler.postprocess(named);
}

function refusalOf(body: Uint8Array, contentType = "image/png") {
  try {
    handler.preprocess({ body, contentType, headers: {} });
  } catch (error) {
    const { statusCode, message } = error as Error & { statusCode?: number };
    return { statusCode, message };
  }
  return undefined;
}

/** For the tests that decode many pictures, on a busy machine too. */
const MANY_PICTURES_MS = 60_000;

const TINY = { width: 4, height: 4, depth: 8, colourType: 0 };
/** A filter byte and four pixels, four times. */
const TINY_ROWS = Uint8Array.from({ length: 20 }, (_, index) => (index % 5 === 2 ? 255 : 0));

describe("a picture of a seven", () => {
  test("is read as the training code reads it", async () => {
    const expected: unknown = JSON.parse(String(await readSibling("expected-seven.json")));
    const { label, probabilities } = expected as { label: number; probabilities: number[] };
    const answer = await predict(sevenPng);
    expect(answer.label).toBe(label);
    const differences = probabilities.map((value, digit) => {
      return Math.abs(value - (answer.probabilities[digit] ?? NaN));
    });
    expect(Math.max(...differences)).toBeLessThan(1e-4);
  });

  test.each(["", "image/png", "application/octet-stream", "application/x-www-form-urlencoded"])(
    "is accepted as the content type %j",
    async (contentType) => {
      expect((await predict(sevenPng, contentType)).label).toBe(7);
    },
  );

  test.each([1, 2, 4, 8] as const)("is a seven in %i bits of grey", async (depth) => {
    const image = packed(seven, depth, (darkness, max) => (1 - darkness) * max);
    expect((await predict(encode(image))).label).toBe(7);
    const negative = packed(seven, depth, (darkness, max) => darkness * max);
    expect((await predict(encode(negative))).label).toBe(7);
  });

  test.each([1, 2, 4, 8] as const)("is a seven through a palette of %i bits", async (depth) => {
    const image = packed(seven, depth, (darkness, max) => (1 - darkness) * max);
    expect((await predict(encode({ ...image, palette: greyPalette(depth) }))).label).toBe(7);
  });

  test("is a seven through a palette whose paper is transparent", async () => {
    const image = packed(seven, 1, (darkness) => Math.round(darkness));
    const palette = greyPalette(1, 0).map(([, , , alpha = 255]) => [0, 0, 0, alpha]);
    expect((await predict(encode({ ...image, palette }))).label).toBe(7);
  });

  const pixels = { GREY, RGB, GREY_ALPHA, RGBA, WHITE_ON_NOTHING };
  const layouts = Object.entries(pixels).flatMap(([name, pixel]) => {
    return ([8, 16] as const).flatMap((depth) => {
      return (["null", "Adam7"] as const).map((interlace) => ({ name, pixel, depth, interlace }));
    });
  });
  test.each(layouts)(
    "is a seven as $name of $depth bits, interlace $interlace",
    async ({ pixel, depth, interlace }) => {
      const file = encode(picture(seven, depth, pixel), { interlace });
      expect((await predict(file)).label).toBe(7);
    },
  );

  test("is a seven where one grey stands for transparent", async () => {
    const rows = Array.from({ length: seven.height }, (_, row) => {
      const from = row * seven.width;
      const values = seven.darkness.slice(from, from + seven.width);
      return [0, ...values.map((darkness) => (darkness > 0.5 ? 200 : 0))];
    });
    const file = png(
      header({ width: seven.width, height: seven.height, depth: 8, colourType: 0 }),
      chunk("tRNS", Uint8Array.of(0, 0)),
      chunk("IDAT", deflateSync(Uint8Array.from(rows.flat()))),
    );
    expect((await predict(file)).label).toBe(7);
  });

  test(
    "for every place and size on a canvas, dark or bright, gives the same cells",
    { timeout: MANY_PICTURES_MS },
    () => {
      const place = fc.record({
        left: fc.integer({ min: 1, max: 40 }),
        top: fc.integer({ min: 1, max: 140 }),
        factor: fc.integer({ min: 1, max: 2 }),
        isInverted: fc.boolean(),
      });
      const expected = inputOf(encode(picture(seven, 8, GREY))).data;
      fc.assert(
        fc.property(place, ({ left, top, factor, isInverted }) => {
          const canvas = placed(seven, { left, top, width: 300, height: 400, factor });
          const shown = isInverted ? inverted(canvas) : canvas;
          const { data } = inputOf(encode(picture(shown, 8, GREY)));
          const differences = expected.map((value, cell) => Math.abs(value - (data[cell] ?? NaN)));
          expect(Math.max(...differences)).toBeLessThan(1e-5);
        }),
        { numRuns: 12 },
      );
    },
  );

  test("is a seven with text and an unknown chunk in the file", async () => {
    const [start, rest] = [sevenPng.subarray(0, 33), sevenPng.subarray(33)];
    const extra = [
      chunk("tEXt", Buffer.from("no separator")),
      chunk("iCCP", Buffer.from("broken")),
    ];
    expect((await predict(Buffer.concat([start, ...extra, rest]))).label).toBe(7);
  });
});

describe("a body that is refused", () => {
  test.each(["image/jpeg", "application/json", "multipart/form-data"])(
    "is a 415 as the content type %s",
    (contentType) => {
      const { statusCode, message } = refusalOf(sevenPng, contentType) ?? {};
      expect(statusCode).toBe(415);
      expect(message).toContain(contentType);
    },
  );

  test.each([
    ["nothing", new Uint8Array(), "is empty"],
    ["text", Buffer.from("seven"), "not a PNG"],
    ["a JPEG", Buffer.from("ffd8ffe000104a464946", "hex"), "not a PNG"],
    ["only a signature", png().subarray(0, 8), "cut short"],
    ["no header", png(), "does not start with a header"],
    ["no pixels", png(header(TINY)), "damaged"],
    ["no width", png(header({ ...TINY, width: 0 })), "0 x 4"],
    [
      "30000 x 30000 pixels",
      png(header({ ...TINY, width: 30_000, height: 30_000 })),
      "30000 x 30000",
    ],
    [
      "2^32 - 1 pixels a side",
      png(header({ ...TINY, width: 2 ** 32 - 1, height: 2 ** 32 - 1 })),
      "4294967295",
    ],
    ["an unknown colour type", png(header({ ...TINY, colourType: 5 })), "colour type 5"],
    ["3 bits per sample", png(header({ ...TINY, depth: 3 })), "3 bits"],
    ["interlaced bits", png(header({ ...TINY, depth: 1, interlace: 1 })), "without interlacing"],
    [
      "too few rows",
      png(header(TINY), chunk("IDAT", deflateSync(TINY_ROWS.subarray(5)))),
      "damaged",
    ],
    [
      "a deflate bomb",
      png(header(TINY), chunk("IDAT", deflateSync(new Uint8Array(50_000_000)))),
      "damaged",
    ],
    [
      "a chunk longer than the file",
      Buffer.concat([png().subarray(0, 8), Buffer.from("7fffffff49444154", "hex")]),
      "cut short",
    ],
    [
      "a palette image without a palette",
      png(header({ ...TINY, colourType: 3 }), chunk("IDAT", deflateSync(new Uint8Array(20)))),
      "damaged",
    ],
  ])("is a 400 when it holds %s", (_, body, fault) => {
    const { statusCode, message } = refusalOf(body) ?? {};
    expect(statusCode).toBe(400);
    expect(message).toContain(fault);
  });

  test("is a 400 when a checksum is wrong", () => {
    const wrong = Buffer.from(png(header(TINY), chunk("IDAT", deflateSync(TINY_ROWS))));
    expect(refusalOf(wrong)).toBeUndefined();
    wrong.writeUInt8(wrong.readUInt8(29) ^ 1, 29);
    expect(refusalOf(wrong)?.statusCode).toBe(400);
  });

  test.each([0, 0.5, 1])("is a 400 when all is one grey of darkness %d", (darkness) => {
    const blank = { width: 28, height: 28, darkness: Array.from({ length: 784 }, () => darkness) };
    const { statusCode, message } = refusalOf(encode(picture(blank, 8, GREY))) ?? {};
    expect(statusCode).toBe(400);
    expect(message).toContain("blank");
  });

  test("is a 400 when every pixel is transparent", () => {
    const blank = { width: 28, height: 28, darkness: Array.from({ length: 784 }, () => 0) };
    expect(refusalOf(encode(picture(blank, 8, RGBA)))?.message).toContain("blank");
  });

  test("is a 400 for every length at which a PNG is cut short", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: sevenPng.length - 1 }), (length) => {
        expect(refusalOf(sevenPng.subarray(0, length))?.statusCode).toBe(400);
      }),
    );
  });

  test("is a 400 or a picture for every PNG with a changed byte", () => {
    const change = fc.record({
      at: fc.integer({ min: 0, max: sevenPng.length - 1 }),
      value: fc.integer({ min: 0, max: 255 }),
    });
    fc.assert(
      fc.property(change, ({ at, value }) => {
        const changed = Uint8Array.from(sevenPng);
        changed[at] = value;
        expect([undefined, 400]).toContain(refusalOf(changed)?.statusCode);
      }),
    );
  });
});

describe("the held-out digits", () => {
  test(
    "are read through the handler as often as the model card says",
    { timeout: MANY_PICTURES_MS },
    async () => {
      const sheet = decode(await readSibling("held-out.png"));
      const labels = Array.from(sheet.text["labels"] ?? "", Number);
      let correct = 0;
      for (const [index, label] of labels.entries()) {
        const answer = await predict(encode(picture(heldOut(sheet, index), 8, GREY)));
        if (answer.label === label) correct += 1;
      }
      const card = String(await readSibling("README.md"));
      const [, claimed, count] = /through the handler.*?(\d+) of (\d+)/su.exec(card) ?? [];
      expect(labels.length).toBe(Number(count));
      // Another processor may tip a digit over whose two best readings are equally probable.
      expect(Math.abs(correct - Number(claimed))).toBeLessThanOrEqual(1);
    },
  );
});

/** The held-out digit at `index` as a smooth 28 x 28 drawing with a margin of 4 pixels. */
function heldOut(sheet: { width: number; data: ArrayLike<number> }, index: number): Drawing {
  const tilesPerRow = sheet.width / 8;
  const [left, top] = [(index % tilesPerRow) * 8, Math.floor(index / tilesPerRow) * 8];
  const level = (row: number, column: number) => {
    const [y, x] = [Math.min(Math.max(row, 0), 7), Math.min(Math.max(column, 0), 7)];
    return (sheet.data[(top + y) * sheet.width + left + x] ?? 0) / 255;
  };
  const darkness = Array.from({ length: 28 * 28 }, (_, pixel) => {
    const [row, column] = [Math.floor(pixel / 28) - 4, (pixel % 28) - 4];
    if (row < 0 || row >= 20 || column < 0 || column >= 20) return 0;
    return between(level, { y: (row + 0.5) * 0.4 - 0.5, x: (column + 0.5) * 0.4 - 0.5 });
  });
  return { width: 28, height: 28, darkness };
}

/** The bilinear value between four neighbours. */
function between(
  level: (row: number, column: number) => number,
  { y, x }: { y: number; x: number },
) {
  const [row, column] = [Math.floor(y), Math.floor(x)];
  const [down, right] = [y - row, x - column];
  const upper = level(row, column) * (1 - right) + level(row, column + 1) * right;
  const lower = level(row + 1, column) * (1 - right) + level(row + 1, column + 1) * right;
  return upper * (1 - down) + lower * down;
}
