export type { LayerEntry, ModelFile, ModelLayer } from "./model-layer.ts";
export { modelLayer, modelLayerName } from "./model-layer.ts";
export type { Place, PlaceEstimate, Placement, PlacementInput } from "./placement.ts";
export { PLACEMENT_LIMITS, planPlacement } from "./placement.ts";
