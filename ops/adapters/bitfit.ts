import { tensorOf } from "../interventions/intervention.ts";
import * as o from "../operators.ts";
import type { AdapterKind } from "./adapter.ts";

/**
 * BitFit: biases alone are trained (Ben Zaken et al. 2022). `bias` is what is added to the projection's own bias, so it
 * starts at 0, also where the model has none.
 */
export const bitfit: AdapterKind = {
  tensors: ({ outputs }) => ({ bias: { shape: [outputs], start: "zero" } }),
  adapt: (output, _, tensors) => o.add(output, tensorOf(tensors, "bias")),
};
