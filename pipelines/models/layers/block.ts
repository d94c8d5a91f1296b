/** How attention and MLP are combined into a block. @module */
import type { KeyValues } from "../../../ops/nn/attention.ts";
import * as o from "../../../ops/operators.ts";
import type { Value } from "../../../ops/program/program.ts";
import type { AttentionResult } from "./attention.ts";
import type { Mlp } from "./mlp.ts";
import type { Norm } from "./norm.ts";
import type { Scope } from "./scope.ts";

/** A norm and the name of its weights. */
export type NamedNorm = readonly [name: string, norm: Norm];

/** The parts of a block. */
export interface BlockParts {
  readonly attention: (scope: Scope, x: Value) => AttentionResult;
  readonly mlp: Mlp;
  /** The norm of attention's input. */
  readonly beforeAttention?: NamedNorm | undefined;
  /** The norm of attention's output. */
  readonly afterAttention?: NamedNorm | undefined;
  /** Attention to an encoder's tokens, after self-attention. */
  readonly crossAttention?: (scope: Scope, x: Value) => AttentionResult;
  /** The norm of the input of attention to the encoder's tokens. */
  readonly beforeCrossAttention?: NamedNorm | undefined;
  /** The norm of the MLP's input. */
  readonly beforeMlp?: NamedNorm | undefined;
  /** The norm of the MLP's output. */
  readonly afterMlp?: NamedNorm | undefined;
  /** The factor on everything that is added to the residual stream. */
  readonly residual?: number;
}

/** A block's result: hidden states [batch, tokens, width], and its keys and values. */
interface BlockResult {
  readonly hidden: Value;
  readonly keyValues: KeyValues;
  /** The keys and values of an encoder's tokens. */
  readonly encoded?: KeyValues;
}

/** A block, from hidden states [batch, tokens, width] to the next ones. */
export type Block = (scope: Scope, hidden: Value) => BlockResult;

const normalize = (scope: Scope, norm: NamedNorm | undefined, x: Value) =>
  norm === undefined ? x : norm[1](scope.at(norm[0]), x);

/** Attention first, then, if there is an encoder, attention to its tokens, then the MLP; each adds to its own input. */
export function sequential(parts: BlockParts): Block {
  const { residual = 1, crossAttention } = parts;
  return (scope, hidden) => {
    const { output, keyValues } = parts.attention(scope, normalize(scope, parts.beforeAttention, hidden));
    const attended = o.add(hidden, scaled(normalize(scope, parts.afterAttention, output), residual));
    const cross = crossAttention?.(scope, normalize(scope, parts.beforeCrossAttention, attended));
    const middle = cross === undefined ? attended : o.add(attended, scaled(cross.output, residual));
    const inner = parts.mlp(scope, normalize(scope, parts.beforeMlp, middle));
    const next = o.add(middle, scaled(normalize(scope, parts.afterMlp, inner), residual));
    return { hidden: next, keyValues, ...(cross === undefined ? {} : { encoded: cross.keyValues }) };
  };
}

/** Attention first, then the MLP, each of which adds to the norm of its input. */
export function normalizedResiduals(
  { attention, mlp, beforeAttention, beforeMlp }: Pick<
    BlockParts,
    "attention" | "mlp" | "beforeAttention" | "beforeMlp"
  >,
): Block {
  return (scope, hidden) => {
    const read = normalize(scope, beforeAttention, hidden), { output, keyValues } = attention(scope, read);
    const middle = normalize(scope, beforeMlp, o.add(read, output));
    return { hidden: o.add(middle, mlp(scope, middle)), keyValues };
  };
}

/** Attention and MLP in parallel on the same hidden state (Wang & Komatsuzaki 2021). */
export function parallel(parts: BlockParts): Block {
  return (scope, hidden) => {
    const { output, keyValues } = parts.attention(scope, normalize(scope, parts.beforeAttention, hidden));
    const inner = parts.mlp(scope, normalize(scope, parts.beforeMlp, hidden));
    return { hidden: o.add(o.add(hidden, output), inner), keyValues };
  };
}

/** Norms after each sum, as in the original transformer (Vaswani et al. 2017). */
export function postNormed(
  { attention, mlp, afterAttention, afterMlp }: Pick<
    BlockParts,
    "attention" | "mlp" | "afterAttention" | "afterMlp"
  >,
): Block {
  return (scope, hidden) => {
    const { output, keyValues } = attention(scope, hidden);
    const middle = normalize(scope, afterAttention, o.add(hidden, output));
    return { hidden: normalize(scope, afterMlp, o.add(middle, mlp(scope, middle))), keyValues };
  };
}

const scaled = (x: Value, factor: number) => (factor === 1 ? x : o.mul(x, factor));
