import { tensorOf } from "../interventions/intervention.ts";
import * as o from "../operators.ts";
import type { AdapterKind } from "./adapter.ts";
import { withoutSettings } from "./setup.ts";

/**
 * BitFit: only biases are trained (Ben Zaken et al. 2022). `bias` is added to the projection's own bias, so it starts
 * at 0, even where the model has no bias.
 */
export const bitfit: AdapterKind = {
  ...withoutSettings,
  projections: ["query", "key", "value", "output", "gate", "up", "down"],
  tensors: ({ outputs }) => ({ bias: { shape: [outputs], start: "zero", decays: false } }),
  strength: { tensor: "bias", neutral: 0 },
  adapt: (output, _, tensors) => o.add(output, tensorOf(tensors, "bias")),
  merged({ weight, bias }, _, tensors) {
    const shift = tensorOf(tensors, "bias");
    return { weight, bias: bias === undefined ? shift : o.add(bias, shift) };
  },
};
