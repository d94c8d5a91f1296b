import { tensorOf } from "../interventions/intervention.ts";
import { linear } from "../nn/linear.ts";
import * as o from "../operators.ts";
import type { AdapterKind } from "./adapter.ts";
import { withoutSettings } from "./setup.ts";

/**
 * (IA)³: keys, values and the MLP's inner activations (the input of its last projection) are each multiplied by a
 * learned vector (Liu et al. 2022, section 3.3). `scale` starts at 1.
 */
export const ia3: AdapterKind = {
  ...withoutSettings,
  projections: ["key", "value", "down"],
  tensors: ({ inputs, outputs }, { scalesInput }) => ({
    scale: { shape: [scalesInput ? inputs : outputs], start: "one", decays: true },
  }),
  strength: { tensor: "scale", neutral: 1 },
  adapt(output, { input, weight, bias, output: frozen }, tensors, { scalesInput }) {
    const scale = tensorOf(tensors, "scale");
    if (!scalesInput) return o.mul(output, scale);
    if (output === frozen) return linear(o.mul(input, scale), weight, bias);
    return o.add(output, linear(o.mul(input, o.sub(scale, 1)), weight, undefined));
  },
  merged(output, frozen, tensors, { scalesInput }) {
    const scale = tensorOf(tensors, "scale");
    if (scalesInput) {
      if (output.weight === frozen.weight) return { weight: o.mul(frozen.weight, scale), bias: output.bias };
      return { weight: o.add(output.weight, o.mul(frozen.weight, o.sub(scale, 1))), bias: output.bias };
    }
    const column = o.reshape(scale, [...scale.shape, 1]);
    return { weight: o.mul(output.weight, column), bias: output.bias && o.mul(output.bias, scale) };
  },
};
