/** The process in which ONNX Runtime prepares a model: it answers one message, and ends when its parent is gone. */
import { prepare } from "./preparation.ts";
import type { PreparationAnswer, PreparationQuestion } from "./preparation.ts";
import type { ChildMessage } from "./bounded-process.ts";

function tell(message: ChildMessage<PreparationAnswer>): void {
  process.send?.(message);
}

process.once("disconnect", () => {
  process.exit(0);
});

process.once("message", (question: PreparationQuestion) => {
  void prepare(question, (step) => {
    tell({ kind: "step", step });
  }).then((answer) => {
    tell({ kind: "answer", answer });
  });
});
