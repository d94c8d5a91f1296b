/** Which tokens an intervention edits, computed by the host and by the nodes of an exported graph. @module */
import type { GraphWriter, TensorName } from "../../../ops/onnx/graph_writer.ts";
import type { TokenizedPrompt } from "../../data/examples.ts";
import type { LoweredIntervention } from "./adaptation.ts";
import { shortRules } from "./short_prompts.ts";

/** The properties of an intervention that decide which tokens it edits. */
export type EditedTokens = Pick<LoweredIntervention, "positions" | "side">;

/** Whether the token at an index, counted from the prompt's first, is edited. */
export function isEdited({ positions, side }: EditedTokens, prompt: TokenizedPrompt, index: number): boolean {
  const promptLength = prompt.prompt.length;
  if (index >= promptLength) return positions.completion;
  if (positions.selector !== undefined) return positions.selector.of(prompt).has(index);
  const ends = shortRules[positions.short ?? "paper"].ends(positions, promptLength);
  const inPrefix = index < ends.first;
  const inSuffix = index >= promptLength - ends.last;
  return (side !== "suffix" && inPrefix) || (side !== "prefix" && inSuffix);
}

/**
 * {@linkcode isEdited} for each token as nodes, bool [batch, tokens].
 *
 * @param index The tokens' indices, int64 [batch, tokens].
 * @param length The number of tokens in each row's prompt, int64 [batch, 1].
 */
export function editedNodes(
  write: GraphWriter,
  { positions, side }: EditedTokens,
  index: TensorName,
  length: TensorName,
): TensorName {
  if (positions.selector !== undefined) throw new TypeError("A graph cannot evaluate a selector");
  const inPrompt = write.node("Less", [index, length]), edited: TensorName[] = [];
  if (positions.first === Infinity) edited.push(inPrompt);
  else if (positions.first + positions.last > 0) {
    const { first, last } = shortRules[positions.short ?? "paper"].nodes(write, positions, length);
    const ends: TensorName[] = [];
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
