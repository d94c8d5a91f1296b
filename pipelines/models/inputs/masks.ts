/** Masks, which are added to attention scores, by the name that blocks use. @module */
import type { GraphWriter, TensorName } from "../../../ops/onnx/graph_writer.ts";
import { range, unsqueeze } from "../../../ops/onnx/nodes.ts";
import { addDimensions, multiplyDimensions } from "../../../ops/program/dimension.ts";
import type { HostTensor } from "../../common/host_tensor.ts";
import { type InputKind, mapEntries, positionIn, type RunRows, type Tensor, type TokenGrid } from "./input_kind.ts";
import { seenRows } from "./seen_rows.ts";

/** Added to the score of a masked key, whose probability becomes exactly 0. */
export const maskedScore = -1e9;

/**
 * Masks [batch or 1, 1, group · length, past + length], with the rows of each query head adjacent. The config is the
 * window of each: a token attends to tokens at a smaller distance, on both sides if attention is not causal; `null` for
 * all.
 */
export const masks: InputKind<Readonly<Record<string, number | null>>, Readonly<Record<string, Tensor>>> = {
  declare(kinds, { heads: { heads, keyValueHeads }, length, seen, before }) {
    const queries = multiplyDimensions(heads / keyValueHeads, length), keys = addDimensions(...before, length);
    return mapEntries(kinds, () => ({ shape: [seen, 1, queries, keys] }));
  },
  fill: (kinds, run) => mapEntries(kinds, (reach) => maskOf(run, reach ?? Infinity)),
  exported: {
    nodes: (kinds, write, grid) =>
      mapEntries(kinds, (reach) => {
        const { heads: { heads, keyValueHeads } } = grid, mask = unsqueeze(write, maskNodes(write, grid, reach), [1]);
        const byHead = new Array<TensorName>(heads / keyValueHeads).fill(mask);
        return byHead.length === 1 ? mask : write.node("Concat", byHead, { axis: { int: 2 } });
      }),
  },
};

function maskOf(run: RunRows, reach: number): HostTensor {
  const { heads: { heads, keyValueHeads }, causal, length, past: { width: past } } = run, rows = seenRows(run);
  const group = heads / keyValueHeads, width = past + length, block = length * width;
  const data = new Float32Array(rows.length * group * block);
  rows.forEach(({ filled, own, branch }, row) => {
    const place = branch === undefined ? { start: 0 } : { start: 0, branch };
    const positions = Int32Array.from({ length }, (_, at) => positionIn(place, at));
    const all = data.subarray(row * group * block, (row + 1) * group * block);
    for (let query = 0; query < length; query++) {
      const start = query * width, position = positions[query]!;
      const isBranched = branch !== undefined && query >= branch.at;
      for (let key = 0; key < past; key++) {
        if (key >= filled || filled + position - key >= reach) all[start + key] = maskedScore;
      }
      for (let key = 0; key < length; key++) {
        const between = position - positions[key]!, distance = causal ? between : Math.abs(between);
        const isAside = isBranched && key >= branch.after && key < branch.at;
        if (key > query && causal || isAside || distance >= reach || key >= own) all[start + past + key] = maskedScore;
      }
    }
    for (let copy = 1; copy < group; copy++) all.copyWithin(copy * block, 0, block);
  });
  return { data, shape: [rows.length, 1, group * length, width] };
}

/** The mask of one query head [batch, tokens, keys]. */
function maskNodes(
  write: GraphWriter,
  { keys, start, real, keyPositions, positions }: TokenGrid,
  reach: number | null,
): TensorName {
  const queries = unsqueeze(write, range(write, start, keys), [1]), seen = unsqueeze(write, range(write, 0, keys), [0]);
  const before = write.node("And", [unsqueeze(write, real, [1]), write.node("LessOrEqual", [seen, queries])]);
  const distance = () => write.node("Sub", [unsqueeze(write, positions, [2]), unsqueeze(write, keyPositions, [1])]);
  const visible = reach === null
    ? before
    : write.node("And", [before, write.node("Less", [distance(), write.integers(reach)])]);
  return write.node("Where", [visible, write.floats([0]), write.floats([maskedScore])]);
}
