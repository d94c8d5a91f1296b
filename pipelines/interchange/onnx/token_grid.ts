/** Where the tokens of an exported graph's run are, computed from its attention mask. @module */
import type { HeadLayout } from "../../../ops/nn/attention.ts";
import type { GraphWriter, TensorName } from "../../../ops/onnx/graph_writer.ts";
import { cast } from "../../../ops/onnx/nodes.ts";
import { addDimensions } from "../../../ops/program/dimension.ts";
import { exportSymbols } from "../../compile/programs/export_program.ts";
import type { TokenGrid } from "../../models/inputs/input_kind.ts";

/**
 * Where tokens are. Padding may be anywhere in a row; a token's position is the number of tokens before it, without
 * padding.
 *
 * @param attentionMask 1 for each token of past and run, 0 for padding, int64 [batch, past + tokens].
 * @param virtual How many trained keys, which belong to no token, come before all others.
 */
export function tokenGrid(
  write: GraphWriter,
  heads: HeadLayout,
  attentionMask: TensorName,
  virtual: number,
): TokenGrid {
  const { batch, tokens, past } = exportSymbols;
  const start = addDimensions(virtual, past), keys = addDimensions(start, tokens);
  const ones = () => write.node("Expand", [write.integers([1]), write.extents([batch, virtual])]);
  const seen = virtual === 0 ? attentionMask : write.node("Concat", [ones(), attentionMask], { axis: { int: 1 } });
  const before = write.node("Sub", [write.node("CumSum", [seen, write.integers(1)]), write.integers(1)]);
  // Padding before a row's first token has no position; it is never attended to.
  const keyPositions = write.node("Max", [before, write.integers(0)]);
  const positions = write.node("Slice", [
    keyPositions,
    write.extent(start),
    write.extent(keys),
    write.integers([1]),
  ]);
  return { heads, virtual, keys, start, real: cast(write, seen, "bool"), keyPositions, positions };
}
