/** The masks of edited positions in an exported graph, computed from the prompt's length. @module */
import type { GraphWriter, TensorName } from "../../../ops/onnx/graph_writer.ts";
import { cast, unsqueeze } from "../../../ops/onnx/nodes.ts";
import { columnsOf, type Masked, maskName, maskWidth } from "../../compile/lower/edit_masks.ts";
import { editedNodes } from "../../compile/lower/edited_tokens.ts";
import type { TokenGrid } from "../../models/inputs/input_kind.ts";

/** The example-dependent values that are fixed in a model file. */
export interface FixedExample {
  /** The fields that subspaces name. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/**
 * The masks of edited positions, by the names that programs give them, [batch, tokens, width].
 *
 * @param promptLength How many tokens each row's prompt has, int64 [batch].
 */
export function editedTensors(
  write: GraphWriter,
  { positions, virtual }: TokenGrid,
  edits: readonly Masked[],
  promptLength: TensorName,
  { fields }: FixedExample,
): Map<string, TensorName> {
  if (edits.length === 0) return new Map();
  const index = virtual === 0 ? positions : write.node("Sub", [positions, write.integers(virtual)]);
  const length = unsqueeze(write, promptLength, [1]);
  return new Map(edits.map((masked) => {
    const edited = unsqueeze(write, cast(write, editedNodes(write, masked, index, length), "float32"), [2]);
    const columns = columnsOf(masked, { prompt: [], source: { text: "", spans: {}, fields } });
    const width = maskWidth(masked), acting = Array.from({ length: width }, (_, at) => columns.has(at) ? 1 : 0);
    const mask = width === 1 && acting[0] === 1 ? edited : write.node("Mul", [edited, write.floats(acting, [width])]);
    return [maskName(masked), mask];
  }));
}
