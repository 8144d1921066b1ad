/** A thread that compresses pieces: one message in, one message out. */
import { parentPort } from "node:worker_threads";

import { deflatePiece, type Piece } from "./deflate.ts";

parentPort?.on("message", (piece: Piece) => {
  const compressed = deflatePiece(piece);
  parentPort?.postMessage(compressed, [compressed.buffer]);
});
