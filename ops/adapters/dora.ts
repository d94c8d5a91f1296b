import { tensorOf } from "../interventions/intervention.ts";
import * as o from "../operators.ts";
import type { Value } from "../program/program.ts";
import type { AdapterKind } from "./adapter.ts";
import { lowRank } from "./setup.ts";

/** The Euclidean norm of each row of a matrix [rows, columns]: [rows]. */
const rowNorms = (matrix: Value) => o.sqrt(o.reduceSum(o.mul(matrix, matrix), [1]));

/**
 * DoRA: each row of `W + s·BA` is rescaled to the length `magnitude`, so that direction and length are learned
 * separately (Liu et al. 2024). As in section 4.3 of the paper, and in peft, the gradient treats the length of a row
 * before rescaling as a constant. Training starts from the frozen projection: `lora_B` at 0 and `magnitude` at the
 * lengths of W's rows. With dropout, everything that is added to Wx reads the dropped input, as in peft.
 */
export const dora: AdapterKind = {
  ...lowRank,
  projections: ["query", "value"],
  tensors: ({ inputs, outputs }, { rank }) => ({
    lora_A: { shape: [rank, inputs], start: "linear", decays: true },
    lora_B: { shape: [outputs, rank], start: "zero", decays: true },
    magnitude: { shape: [outputs], start: "rowNorms", decays: true },
  }),
  strength: undefined,
  adapt(output, { input, dropped, weight, bias }, tensors, { scaling }) {
    const [a, b] = [tensorOf(tensors, "lora_A"), tensorOf(tensors, "lora_B")];
    const norms = o.detach(rowNorms(o.add(weight, o.matmul(b, a, { alpha: scaling }))));
    const stretch = o.div(tensorOf(tensors, "magnitude"), norms);
    const read = dropped ?? input;
    const change = o.matmul(o.matmul(read, a, { transposeB: true }), b, { transposeB: true, alpha: scaling });
    if (dropped !== undefined) {
      const base = o.matmul(dropped, weight, { transposeB: true });
      return o.add(output, o.sub(o.mul(o.add(base, change), stretch), base));
    }
    if (bias === undefined) return o.mul(o.add(output, change), stretch);
    return o.add(o.mul(o.add(o.sub(output, bias), change), stretch), bias);
  },
  merged(output, frozen, tensors, { scaling }) {
    const change = o.matmul(tensorOf(tensors, "lora_B"), tensorOf(tensors, "lora_A"), { alpha: scaling });
    const stretch = o.div(tensorOf(tensors, "magnitude"), rowNorms(o.add(frozen.weight, change)));
    const column = o.reshape(stretch, [...stretch.shape, 1]);
    const weight = o.mul(o.add(output.weight, change), column);
    if (output.bias === undefined || output.bias === frozen.bias) return { weight, bias: output.bias };
    if (frozen.bias === undefined) return { weight, bias: o.mul(output.bias, stretch) };
    return { weight, bias: o.add(o.mul(o.sub(output.bias, frozen.bias), stretch), frozen.bias) };
  },
};
