/** How many rows an evaluation runs together unless the pipeline says. @module */
import type { Model } from "../../models/open/model.ts";
import type { EvaluateSpec, Resolved } from "../../spec/mod.ts";

/** The most rows that run together, and what their keys and values may take, in bytes. */
const [mostRows, mostKeyValues] = [32, 2 ** 28];

/** How many rows run together: more read each weight for more tokens; their keys and values limit their number. */
export function defaultBatchSize(
  { architecture: { blocks, heads: { keyValueHeads, headWidth } } }: Model,
  decoding: Resolved<EvaluateSpec>["decoding"],
  longest: number,
): number {
  const written = decoding === undefined || decoding.kind === "choices" ? 0 : decoding.maxNewTokens;
  const copies = decoding?.kind === "beam" ? decoding.beams : 1;
  const bytes = 4 * 2 * blocks * keyValueHeads * headWidth * (longest + written) * copies;
  return Math.max(1, Math.min(mostRows, Math.floor(mostKeyValues / bytes)));
}
