/** Attention in the forms that families use. @module */
import { ownValue } from "../../../ops/program/own_value.ts";
import { attention, byHead, type HeadLayout, type KeyValues } from "../../../ops/nn/attention.ts";
import * as o from "../../../ops/operators.ts";
import type { Value } from "../../../ops/program/program.ts";
import { type Alibi, fallenByDistance } from "./alibi.ts";
import type { Norm } from "./norm.ts";
import type { LinearForm, Scope } from "./scope.ts";

/** Queries, keys and values of a run of tokens, each [batch, tokens, its heads · headWidth]. */
interface QueryKeyValue {
  readonly query: Value;
  readonly key: Value;
  readonly value: Value;
}

/** A family's form of attention. */
export interface AttentionForm {
  readonly heads: HeadLayout;
  /** Computes queries, keys and values from the block's input. */
  readonly project: (scope: Scope, x: Value, heads: HeadLayout) => QueryKeyValue;
  /** Normalizes queries and keys [batch, tokens, heads · headWidth] before rotation. */
  readonly normalize?: (scope: Scope, x: Value, part: "query" | "key", count: number) => Value;
  /** The kind of rotary angles of a block, if it has any. */
  readonly angles?: (block: number) => string | undefined;
  /** Whether rotary pairs are neighbours. */
  readonly interleaved?: boolean;
  /** The kind of mask of a block; `"full"` by default. */
  readonly mask?: (block: number) => string;
  /** The factor on the scores; `1/√headWidth` by default. */
  readonly scale?: number | ((block: number) => number);
  /** The soft cap `c` on scores: `c · tanh(scores/c)`. */
  readonly softcap?: number | undefined;
  /** The linear bias by distance. */
  readonly alibi?: Alibi;
  /**
   * A bias on the scores [batch or 1, keyValueHeads, group · tokens, keys], computed from queries [batch, tokens, heads
   * · headWidth] and keys [batch, keyValueHeads, tokens, headWidth].
   */
  readonly bias?: ((scope: Scope, query: Value, key: Value) => Value | undefined) | undefined;
  /** The output projection. */
  readonly output: { readonly name: string } & LinearForm;
}

/** The attention of a block, from its input [batch, tokens, width] to its output, and its keys and values. */
export function selfAttention(form: AttentionForm): (scope: Scope, x: Value) => AttentionResult {
  const { heads, normalize = (_scope, x) => x, interleaved = false } = form;
  return (scope, x) => {
    const block = scope.block as number;
    const angles = ownValue(scope.inputs.rotaryAngles, form.angles?.(block) ?? "");
    const turn = (y: Value, count: number) =>
      angles === undefined ? y : o.rotary(y, angles.cosines, angles.sines, count, interleaved);
    const made = form.project(scope, x, heads);
    const query = turn(normalize(scope, made.query, "query", heads.heads), heads.heads);
    const key = turn(normalize(scope, made.key, "key", heads.keyValueHeads), heads.keyValueHeads);
    const keyValues: KeyValues = { key: byHead(key, heads), value: byHead(made.value, heads) };
    const plain = ownValue(scope.input("masks"), form.mask?.(block) ?? "full") as Value, tokens = query.shape[1]!;
    const fallen = form.alibi === undefined
      ? plain
      : fallenByDistance(plain, scope.input("keyPositions"), tokens, heads, form.alibi);
    const scale = typeof form.scale === "function" ? form.scale(block) : form.scale;
    const seen = attention(query, [...scope.past, keyValues], fallen, heads, {
      scale,
      softcap: form.softcap,
      joins: scope.run.joinsPast,
      bias: form.bias?.(scope, query, keyValues.key),
      // Dropout acts on the attention weights of all tokens at once.
      parts: scope.run.drop === undefined ? scope.run.parts : 1,
      drop: (weights) => scope.drop("attention.weights", weights),
    });
    const attended = scope.edit("attention.head.output", seen);
    const width = x.shape[2] as number;
    const output = scope.linear(form.output.name, attended, width, form.output, "attention.output");
    return { output: scope.drop("attention.output", output), keyValues };
  };
}

/** The result of attention. */
export interface AttentionResult {
  readonly output: Value;
  readonly keyValues: KeyValues;
}

/** Queries, keys and values from three separate projections. */
export function separate(
  names: readonly [query: string, key: string, value: string],
  form: LinearForm,
  limit?: number,
): AttentionForm["project"] {
  const clip = (x: Value) => (limit === undefined ? x : o.clamp(x, -limit, limit));
  return (scope, x, { heads, keyValueHeads, headWidth }) => ({
    query: clip(scope.linear(names[0], x, heads * headWidth, form, "attention.query")),
    key: clip(scope.linear(names[1], x, keyValueHeads * headWidth, form, "attention.key")),
    value: clip(scope.linear(names[2], x, keyValueHeads * headWidth, form, "attention.value")),
  });
}

/** One projection whose outputs are all queries, then all keys, then all values. */
export function fused(name: string, form: LinearForm): AttentionForm["project"] {
  return (scope, x, { heads, keyValueHeads, headWidth }) => {
    const queries = heads * headWidth, keys = keyValueHeads * headWidth;
    const all = scope.linear(name, x, queries + 2 * keys, form, "attention.queryKeyValue");
    const part = (from: number, to: number) => o.slice(all, -1, from, to);
    return named(scope, part(0, queries), part(queries, queries + keys), part(queries + keys, queries + 2 * keys));
  };
}

/**
 * One projection whose outputs are grouped by key-value head: the queries that share it, its key, its value. With as
 * many key-value heads as heads, query, key and value are adjacent in every head.
 */
export function fusedByHead(name: string, form: LinearForm): AttentionForm["project"] {
  return (scope, x, { heads, keyValueHeads, headWidth }) => {
    const group = heads / keyValueHeads, [batch, tokens] = x.shape;
    const outputs = keyValueHeads * (group + 2) * headWidth;
    const all = scope.linear(name, x, outputs, form, "attention.queryKeyValue");
    const split = o.reshape(all, [batch!, tokens!, keyValueHeads, group + 2, headWidth]);
    const part = (from: number, to: number) =>
      o.reshape(o.slice(split, 3, from, to), [batch!, tokens!, keyValueHeads * (to - from) * headWidth]);
    return named(scope, part(0, group), part(group, group + 1), part(group + 1, group + 2));
  };
}

function named(scope: Scope, query: Value, key: Value, value: Value): QueryKeyValue {
  return {
    query: scope.edit("attention.query", query),
    key: scope.edit("attention.key", key),
    value: scope.edit("attention.value", value),
  };
}

/** A norm of each head's queries and keys, whose weights are named `self_attn.q_<name>` and `self_attn.k_<name>`. */
export function normalizedByHead(name: string, norm: Norm): NonNullable<AttentionForm["normalize"]> {
  return (scope, x, part, count) => {
    return headwise(x, count, (heads) => norm(scope.at(`self_attn.${part === "query" ? "q" : "k"}_${name}`), heads));
  };
}

/**
 * Splits a tensor [batch, tokens, count · width] into heads [batch, tokens, count, width], changes them and joins them
 * again.
 */
function headwise(x: Value, count: number, change: (byHead: Value) => Value): Value {
  const [batch, tokens, whole] = x.shape;
  return o.reshape(change(o.reshape(x, [batch!, tokens!, count, (whole as number) / count])), x.shape);
}
