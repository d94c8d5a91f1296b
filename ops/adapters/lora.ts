import { tensorOf } from "../interventions/intervention.ts";
import * as o from "../operators.ts";
import type { AdapterKind } from "./adapter.ts";
import { lowRank } from "./setup.ts";

/**
 * LoRA: `Wx + s·B(Ax)` with s = alpha/rank, or alpha/√rank if rank-stabilized (Hu et al. 2021; Kalajdzievski 2023).
 * `lora_A` is initialized like torch's Linear and `lora_B` to 0, so that training starts from the frozen model.
 */
export const lora: AdapterKind = {
  ...lowRank,
  projections: ["query", "value"],
  tensors: ({ inputs, outputs }, { rank }) => ({
    lora_A: { shape: [rank, inputs], start: "linear", decays: true },
    lora_B: { shape: [outputs, rank], start: "zero", decays: true },
  }),
  strength: { tensor: "lora_B", neutral: 0 },
  adapt(output, { input, dropped = input }, tensors, { scaling }) {
    const reduced = o.matmul(dropped, tensorOf(tensors, "lora_A"), { transposeB: true });
    return o.add(output, o.matmul(reduced, tensorOf(tensors, "lora_B"), { transposeB: true, alpha: scaling }));
  },
  merged: ({ weight, bias }, _, tensors, { scaling }) => {
    const change = o.matmul(tensorOf(tensors, "lora_B"), tensorOf(tensors, "lora_A"), { alpha: scaling });
    return { weight: o.add(weight, change), bias };
  },
};
