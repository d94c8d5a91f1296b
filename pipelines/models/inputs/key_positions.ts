/** The positions of keys, for scores that fall with the distance (ALiBi). @module */
import { cast, unsqueeze } from "../../../ops/onnx/nodes.ts";
import { addDimensions } from "../../../ops/program/dimension.ts";
import { type InputKind, positionIn, type Tensor } from "./input_kind.ts";
import { seenRows } from "./seen_rows.ts";

/** The position of each key [batch or 1, 1, 1, keys]. */
export const keyPositions: InputKind<true, Tensor> = {
  declare: (_, { length, seen, before }) => ({ shape: [seen, 1, 1, addDimensions(...before, length)] }),
  fill(_, run) {
    const { length, past } = run, seen = seenRows(run), width = past.width + length;
    const data = new Float32Array(seen.length * width);
    seen.forEach(({ filled, branch }, row) => {
      const own = branch === undefined ? { start: filled } : { start: filled, branch };
      for (let key = 0; key < width; key++) {
        data[row * width + key] = key < past.width ? key : positionIn(own, key - past.width);
      }
    });
    return { data, shape: [seen.length, 1, 1, width] };
  },
  exported: { nodes: (_, write, grid) => unsqueeze(write, cast(write, grid.keyPositions, "float32"), [1, 2]) },
};
