import { once } from "node:events";
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";

import { deflatePiece, PIECE_BYTES, type Piece } from "./deflate.ts";

/** More threads than this would not make a build faster: the largest file has fewer than 250 pieces. */
const THREADS_MAX = 8;

/** Up to here a thread takes longer to start than the work takes. */
const INLINE_BYTES_MAX = PIECE_BYTES;

/**
 * Compresses pieces on several threads; the result does not depend on how many.
 *
 * @returns Compressed forms in the order of the pieces.
 */
export async function deflatePieces(pieces: readonly Piece[]): Promise<Uint8Array<ArrayBuffer>[]> {
  const byteCount = pieces.reduce((sum, { bytes, from }) => sum + bytes.length - from, 0);
  if (byteCount <= INLINE_BYTES_MAX) return pieces.map(deflatePiece);
  const compressed: Uint8Array<ArrayBuffer>[] = [];
  const waiting = pieces.entries();
  const threadCount = Math.min(THREADS_MAX, availableParallelism(), pieces.length);
  const workers = Array.from({ length: threadCount }, () => {
    return new Worker(new URL("./deflate-worker.ts", import.meta.url));
  });
  try {
    const work = workers.map(async (worker) => {
      // All share one iterator: whoever is free takes the next piece.
      for (const [index, piece] of waiting) compressed[index] = await deflateBy(worker, piece);
    });
    await Promise.all(work);
    return compressed;
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

async function deflateBy(worker: Worker, { bytes, from }: Piece): Promise<Uint8Array<ArrayBuffer>> {
  // A copy, because a view takes all of its memory along; `slice` of a Buffer would be another view.
  const copy = new Uint8Array(bytes);
  const answer = once(worker, "message");
  worker.postMessage({ bytes: copy, from } satisfies Piece, [copy.buffer]);
  const [compressed] = (await answer) as [Uint8Array<ArrayBuffer>];
  return compressed;
}
