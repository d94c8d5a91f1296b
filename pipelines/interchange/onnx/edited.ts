/** Which tokens edits act on, computed from the prompt's length. @module */
import type { GraphWriter, TensorName } from "../../../ops/onnx/graph_writer.ts";
import { cast, unsqueeze } from "../../../ops/onnx/nodes.ts";
import type { Intervention } from "../../compile/lower/adaptation.ts";
import { columnsOf, maskName, maskWidth } from "../../compile/lower/edit_masks.ts";
import type { Ends } from "../../compile/lower/positions.ts";
import type { TokenGrid } from "../../models/inputs/input_kind.ts";

/** What of each example a model file is told once for all. */
export interface FixedExample {
  /** The fields that subspaces name. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/**
 * The masks of edited positions by the names that programs give them, [batch, tokens, width]: {@linkcode isEdited} as nodes.
 *
 * @param promptLength How many tokens each row's prompt has, int64 [batch].
 */
export function editedTensors(
  write: GraphWriter,
  { positions, virtual }: TokenGrid,
  interventions: readonly Intervention[],
  promptLength: TensorName,
  { fields }: FixedExample,
): Map<string, TensorName> {
  if (interventions.length === 0) return new Map();
  const index = virtual === 0 ? positions : write.node("Sub", [positions, write.integers(virtual)]);
  const length = unsqueeze(write, promptLength, [1]);
  return new Map(interventions.map((intervention) => {
    const edited = unsqueeze(write, cast(write, editedTokens(write, index, length, intervention), "float32"), [2]);
    const columns = columnsOf(intervention, { prompt: [], source: { text: "", spans: {}, fields } });
    const width = maskWidth(intervention), acting = Array.from({ length: width }, (_, at) => columns.has(at) ? 1 : 0);
    const mask = width === 1 && acting[0] === 1 ? edited : write.node("Mul", [edited, write.floats(acting, [width])]);
    return [maskName(intervention), mask];
  }));
}

/** Whether each token is edited, bool [batch, tokens]. */
function editedTokens(
  write: GraphWriter,
  index: TensorName,
  length: TensorName,
  { positions, side }: Intervention,
): TensorName {
  const inPrompt = write.node("Less", [index, length]);
  if (positions.completion) return write.node("Not", [inPrompt]);
  if (positions.first === Infinity) return inPrompt;
  const { first, last } = endsOf(write, positions, length);
  const ends: TensorName[] = [];
  if (side !== "suffix" && positions.first > 0) ends.push(write.node("Less", [index, first]));
  if (side !== "prefix" && positions.last > 0) {
    ends.push(write.node("GreaterOrEqual", [index, write.node("Sub", [length, last])]));
  }
  return write.node("And", [inPrompt, ends.reduce((either, end) => write.node("Or", [either, end]))]);
}

/** How many tokens at each end are edited, int64 [batch, 1] where it depends on the length; see `editedEnds`. */
function endsOf(write: GraphWriter, { first, last }: Ends, length: TensorName): Record<keyof Ends, TensorName> {
  const whole = { first: write.integers(first), last: write.integers(last) };
  // More than there are reach over the prompt's other end, which changes nothing.
  if (first === 0 || last === 0) return whole;
  const fits = write.node("GreaterOrEqual", [length, write.integers(first + last)]);
  const half = write.node("Div", [length, write.integers(2)]), rest = write.node("Sub", [length, half]);
  return {
    first: write.node("Where", [fits, whole.first, write.node("Min", [whole.first, half])]),
    last: write.node("Where", [fits, whole.last, write.node("Min", [whole.last, rest])]),
  };
}
