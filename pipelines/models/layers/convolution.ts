/** A convolution over neighbouring tokens, parallel to a block. @module */
import { addDimensions, type Dimension } from "../../../ops/program/dimension.ts";
import { linear } from "../../../ops/nn/linear.ts";
import * as o from "../../../ops/operators.ts";
import type { Value } from "../../../ops/program/program.ts";
import type { ConfigReader } from "../architecture/config.ts";
import type { Block } from "./block.ts";
import type { Activation } from "./mlp.ts";
import type { Norm } from "./norm.ts";

/** A convolution with a bias, and the norm of its sum with the block's output. */
interface Convolution {
  /** The prefix of its weights' names. */
  readonly name: string;
  /** The number of tokens that it covers, with the token itself in the middle. */
  readonly kernel: number;
  readonly groups: number;
  readonly activation: Activation;
  readonly norm: Norm;
}

/**
 * A block whose result is `norm(block(x) + activation(convolution(x)))`; padding counts as zeros.
 *
 * @throws {RequestError} If the convolution has several groups, or an even number of tokens.
 */
export function convolved(
  block: Block,
  { name, kernel, groups, activation, norm }: Convolution,
  config: ConfigReader,
): Block {
  if (groups !== 1 || kernel % 2 === 0) {
    throw config.error(
      `a convolution of ${kernel} tokens in ${groups} groups is not supported; one group of an odd number is`,
    );
  }
  return (scope, hidden) => {
    const result = block(scope, hidden), own = scope.whole.at(name), present = scope.input("presence");
    const stored = own.weight("conv.weight", [hidden.shape[2]!, hidden.shape[2]!, kernel]);
    const seen = neighbours(o.mul(hidden, present), kernel);
    const flat = o.reshape(stored, [stored.shape[0]!, seen.shape[2]!]);
    const made = linear(seen, flat, own.weight("conv.bias", [stored.shape[0]!]));
    const sum = o.add(result.hidden, activation(scope.drop("convolution", o.mul(made, present))));
    return { ...result, hidden: norm(own.at("LayerNorm"), sum) };
  };
}

/** Each token's neighbours, element by element: [batch, tokens, width] to [batch, tokens, width · kernel]. */
function neighbours(x: Value, kernel: number): Value {
  const [batch, tokens, width] = x.shape as readonly [Dimension, Dimension, number], side = (kernel - 1) / 2;
  const padded = o.pad(x, 1, side, side);
  const shifted = Array.from({ length: kernel }, (_, at) => {
    return o.reshape(o.slice(padded, 1, at, addDimensions(tokens, at)), [batch, tokens, width, 1]);
  });
  return o.reshape(o.concat(shifted, 3), [batch, tokens, width * kernel]);
}
