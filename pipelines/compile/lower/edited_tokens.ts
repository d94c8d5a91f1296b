/** Which tokens an intervention edits: by the host, and by the nodes of an exported graph. @module */
import type { GraphWriter, TensorName } from "../../../ops/onnx/graph_writer.ts";
import type { TokenizedPrompt } from "../../data/examples.ts";
import type { LoweredIntervention } from "./adaptation.ts";
import type { Ends } from "./positions.ts";

/** What of an intervention decides which tokens it edits. */
export type EditedTokens = Pick<LoweredIntervention, "positions" | "side">;

/**
 * How many tokens at each end of a prompt are edited. A prompt too short for both ends gives half to each (Wu et al.
 * 2024, section 4.1): the first min(P, ⌊n/2⌋) and the last min(S, ⌈n/2⌉).
 */
export function editedEnds({ first, last }: Ends, promptLength: number): Ends {
  if (first === 0 || last === 0) return { first: Math.min(first, promptLength), last: Math.min(last, promptLength) };
  if (first + last <= promptLength) return { first, last };
  return { first: Math.min(first, Math.floor(promptLength / 2)), last: Math.min(last, Math.ceil(promptLength / 2)) };
}

/** Whether the token at an index is edited, counted from the prompt's first. */
export function isEdited({ positions, side }: EditedTokens, prompt: TokenizedPrompt, index: number): boolean {
  const promptLength = prompt.prompt.length;
  if (index >= promptLength) return positions.completion;
  if (positions.selector !== undefined) return positions.selector.of(prompt).has(index);
  const ends = editedEnds(positions, promptLength);
  const inPrefix = index < ends.first;
  const inSuffix = index >= promptLength - ends.last;
  return (side !== "suffix" && inPrefix) || (side !== "prefix" && inSuffix);
}

/**
 * {@linkcode isEdited} of each token as nodes, bool [batch, tokens].
 *
 * @param index Each token's, int64 [batch, tokens].
 * @param length How many tokens each row's prompt has, int64 [batch, 1].
 */
export function editedNodes(
  write: GraphWriter,
  { positions, side }: EditedTokens,
  index: TensorName,
  length: TensorName,
): TensorName {
  if (positions.selector !== undefined) throw new TypeError("A graph knows nothing of what a selector reads");
  const inPrompt = write.node("Less", [index, length]), edited: TensorName[] = [];
  if (positions.first === Infinity) edited.push(inPrompt);
  else if (positions.first + positions.last > 0) {
    const { first, last } = endNodes(write, positions, length), ends: TensorName[] = [];
    if (side !== "suffix" && positions.first > 0) ends.push(write.node("Less", [index, first]));
    if (side !== "prefix" && positions.last > 0) {
      ends.push(write.node("GreaterOrEqual", [index, write.node("Sub", [length, last])]));
    }
    edited.push(write.node("And", [inPrompt, either(write, ends)]));
  }
  if (positions.completion) edited.push(write.node("Not", [inPrompt]));
  return either(write, edited);
}

function either(write: GraphWriter, terms: readonly TensorName[]): TensorName {
  return terms.reduce((left, right) => write.node("Or", [left, right]));
}

/** {@linkcode editedEnds} as nodes, int64 [batch, 1] where it depends on the length. */
function endNodes(write: GraphWriter, { first, last }: Ends, length: TensorName): Record<keyof Ends, TensorName> {
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
