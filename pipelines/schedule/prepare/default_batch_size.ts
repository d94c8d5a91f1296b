/** How many rows an evaluation runs together unless the pipeline says. @module */
import { writtenOf } from "../../decoding/kinds.ts";
import { keyValueBytes, mostKeyValueBytes } from "../../decoding/key_value_cache.ts";
import type { Model } from "../../models/open/model.ts";
import type { EvaluateSpec, Resolved } from "../../spec/mod.ts";

/** The most rows that run together. */
const mostRows = 32;

/** How many tokens an answer is taken to have at most: rows that write more continue in parts where memory is short. */
const usualAnswer = 64;

/** How many rows run together: more read each weight for more tokens; their keys and values limit their number. */
export function defaultBatchSize(
  { architecture }: Model,
  decoding: Resolved<EvaluateSpec>["decoding"],
  longest: number,
): number {
  const { newTokens, copies } = writtenOf(decoding), written = Math.min(newTokens, usualAnswer);
  const bytes = keyValueBytes(architecture, (longest + written) * copies);
  return Math.max(1, Math.min(mostRows, Math.floor(mostKeyValueBytes / bytes)));
}
