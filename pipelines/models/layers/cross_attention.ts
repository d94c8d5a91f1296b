/** Attention of a decoder's tokens to an encoder's tokens. @module */
import { attention, byHead, type HeadLayout, type KeyValues } from "../../../ops/nn/attention.ts";
import type { Value } from "../../../ops/program/program.ts";
import type { AttentionResult } from "./attention.ts";
import type { LinearForm, Scope } from "./scope.ts";

/** How a decoder attends to an encoder's tokens. */
interface CrossAttentionForm {
  readonly heads: HeadLayout;
  /** The names of the projections. */
  readonly names: { readonly query: string; readonly key: string; readonly value: string; readonly output: string };
  readonly form: LinearForm;
  /** The factor on the scores; `1/√headWidth` by default. */
  readonly scale?: number;
}

/**
 * A block's attention to the encoder's tokens, from its input [batch, tokens, width] to its output, and the keys and
 * values of the encoder's tokens, which are those given if they have already been computed.
 */
export function crossAttention(
  { heads, names, form, scale }: CrossAttentionForm,
): (scope: Scope, x: Value) => AttentionResult {
  return (scope, x) => {
    const keyValues = encodedKeyValues(scope, heads, names, form);
    const query = scope.linear(names.query, x, heads.heads * heads.headWidth, form, "crossAttention.query");
    const seen = attention(query, [keyValues], scope.input("encoderMask"), heads, {
      scale,
      drop: (weights) => scope.drop("crossAttention.weights", weights),
    });
    const attended = scope.edit("crossAttention.head.output", seen);
    const output = scope.linear(names.output, attended, x.shape[2] as number, form, "crossAttention.output");
    return { output: scope.drop("crossAttention.output", output), keyValues };
  };
}

function encodedKeyValues(
  scope: Scope,
  heads: HeadLayout,
  names: CrossAttentionForm["names"],
  form: LinearForm,
): KeyValues {
  const { encoded } = scope.run;
  if (encoded === undefined) throw new TypeError("A decoder needs what its encoder has read");
  if ("keyValues" in encoded) return encoded.keyValues[scope.block as number] as KeyValues;
  const width = heads.keyValueHeads * heads.headWidth;
  const key = scope.linear(names.key, encoded.hidden, width, form, "crossAttention.key");
  const value = scope.linear(names.value, encoded.hidden, width, form, "crossAttention.value");
  return { key: byHead(key, heads), value: byHead(value, heads) };
}
