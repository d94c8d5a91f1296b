/**
 * How many tokens `fN+lM` edits in a prompt that is too short for it, computed by the host and by the nodes of an
 * exported graph.
 *
 * @module
 */
import type { GraphWriter, TensorName } from "../../../ops/onnx/graph_writer.ts";
import type { ShortPrompts } from "../../spec/mod.ts";
import type { Ends } from "./positions.ts";

/** The ends of a prompt as nodes, int64 [batch, 1] if they depend on its length. */
type EndNodes = Readonly<Record<keyof Ends, TensorName>>;

/** A rule for short prompts. */
interface ShortRule {
  /** How many tokens are edited at each end of a prompt of a given length. */
  readonly ends: (asked: Ends, length: number) => Ends;
  /** The same as nodes; numbers larger than the prompt are allowed and have no further effect. */
  readonly nodes: (write: GraphWriter, asked: Ends, length: TensorName) => EndNodes;
}

/**
 * The paper's rule (Wu et al. 2024, section 4.1): in a prompt of n tokens that is too short for both ends, the first
 * min(P, ⌊n/2⌋) and the last min(S, ⌈n/2⌉) are edited; with one end only, as many as there are.
 */
const paper: ShortRule = {
  ends({ first, last }, length) {
    if (first === 0 || last === 0) return { first: Math.min(first, length), last: Math.min(last, length) };
    if (first + last <= length) return { first, last };
    return { first: Math.min(first, Math.floor(length / 2)), last: Math.min(last, Math.ceil(length / 2)) };
  },
  nodes(write, { first, last }, length) {
    const whole = { first: write.integers(first), last: write.integers(last) };
    if (first === 0 || last === 0) return whole;
    const fits = write.node("GreaterOrEqual", [length, write.integers(first + last)]);
    const half = halfOf(write, length), rest = write.node("Sub", [length, half]);
    return {
      first: write.node("Where", [fits, whole.first, write.node("Min", [whole.first, half])]),
      last: write.node("Where", [fits, whole.last, write.node("Min", [whole.last, rest])]),
    };
  },
};

/**
 * pyreft's rule (`get_intervention_locations`): each end gets at most ⌊n/2⌋ tokens, even if it is the only one. Instead
 * of the missing tokens, pyreft edits a pad token before the prompt, which no other token attends to.
 */
const pyreft: ShortRule = {
  ends({ first, last }, length) {
    const half = Math.floor(length / 2);
    return { first: Math.min(first, half), last: Math.min(last, half) };
  },
  nodes(write, { first, last }, length) {
    const atMostHalf = (count: number) => write.node("Min", [write.integers(count), halfOf(write, length)]);
    return { first: atMostHalf(first), last: atMostHalf(last) };
  },
};

function halfOf(write: GraphWriter, length: TensorName): TensorName {
  return write.node("Div", [length, write.integers(2)]);
}

/** The rules by name. */
export const shortRules: Readonly<Record<ShortPrompts, ShortRule>> = { paper, pyreft };
