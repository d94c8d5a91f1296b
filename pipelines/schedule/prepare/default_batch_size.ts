/** How many rows an evaluation runs together by default. @module */
import { writtenOf } from "../../decoding/kinds.ts";
import { keyValueBytes, mostKeyValueBytes } from "../../decoding/key_value_cache.ts";
import type { Model } from "../../models/open/model.ts";
import type { EvaluateSpec, Resolved } from "../../spec/mod.ts";

/** The maximum number of rows that run together. */
const mostRows = 32;

/** The assumed maximum number of tokens in an answer: if memory is short, rows that generate more continue in parts. */
const usualAnswer = 64;

/**
 * How many rows run together: with more rows, each weight is read once for more tokens, but keys and values limit their
 * number.
 */
export function defaultBatchSize(
  { architecture }: Model,
  decoding: Resolved<EvaluateSpec>["decoding"],
  longest: number,
): number {
  const { newTokens, copies } = writtenOf(decoding), written = Math.min(newTokens, usualAnswer);
  const bytes = keyValueBytes({ architecture }, (longest + written) * copies);
  return Math.max(1, Math.min(mostRows, Math.floor(mostKeyValueBytes / bytes)));
}
