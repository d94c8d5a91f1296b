/**
 * How many tokens `fN+lM` edits of a prompt that is too short for it: by the host, and by the nodes of an exported graph.
 *
 * @module
 */
import type { GraphWriter, TensorName } from "../../../ops/onnx/graph_writer.ts";
import type { ShortPrompts } from "../../spec/mod.ts";
import type { Ends } from "./positions.ts";

/** The ends of a prompt as nodes, int64 [batch, 1] where they depend on its length. */
type EndNodes = Readonly<Record<keyof Ends, TensorName>>;

/** A rule for short prompts. */
interface ShortRule {
  /** How many tokens at each end are edited of a prompt of so many. */
  readonly ends: (asked: Ends, length: number) => Ends;
  /** The same as nodes; more than there are may reach over the prompt's other end, which changes nothing. */
  readonly nodes: (write: GraphWriter, asked: Ends, length: TensorName) => EndNodes;
}

/**
 * The paper's (Wu et al. 2024, section 4.1): a prompt too short for both ends gives the first min(P, ⌊n/2⌋) and the last
 * min(S, ⌈n/2⌉) of its n tokens; one end alone gets all that there are.
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
 * pyreft's (`get_intervention_locations`): either end gets at most ⌊n/2⌋ tokens, one end alone too, however long the other
 * is. pyreft edits a pad token before the prompt in place of those that are missing; no other token sees it.
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
