import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

import * as ort from "onnxruntime-node";

/**
 * What a team would write without us: node:http and onnxruntime-node in one process, one model, one thread, FP32
 * JSON in and out, no checks. Argument: the ONNX file. Prints its port.
 */
const [model = ""] = process.argv.slice(2);
const session = await ort.InferenceSession.create(model, {
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
});

interface InferBody {
  readonly inputs: readonly {
    readonly name: string;
    readonly shape: readonly number[];
    readonly data: readonly number[];
  }[];
}

const server = createServer((incoming, outgoing) => {
  void buffer(incoming).then(async (bytes) => {
    const { inputs } = JSON.parse(bytes.toString()) as InferBody;
    const feeds = Object.fromEntries(
      inputs.map(({ name, shape, data }) => [
        name,
        new ort.Tensor("float32", Float32Array.from(data), shape),
      ]),
    );
    const results = await session.run(feeds);
    const outputs = Object.entries(results).map(([name, tensor]) => ({
      name,
      shape: tensor.dims,
      data: Array.from(tensor.data as Iterable<number | bigint>, Number),
    }));
    outgoing.setHeader("content-type", "application/json");
    outgoing.end(JSON.stringify({ outputs }));
  });
});
server.listen(0, "127.0.0.1", () =>
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`),
);
