import { defineInference } from "@pilotlight/core";

export default defineInference({
  name: "pilotlight",
  models: {
    digits: { artifact: "./models/digits/model.onnx", handler: "./models/digits/handler.ts" },
    biopsy: { artifact: "./models/biopsy/model.onnx" },
  },
});
