/** The fed tensors that tell a model where the tokens of a run stand. @module */
import { addDimensions, type Dimension, multiplyDimensions } from "../../../ops/program/dimension.ts";
import { distanceCount } from "../../../ops/nn/distance.ts";
import { input } from "../../../ops/program/program.ts";
import type { Architecture, Segment } from "./architecture.ts";

/** What a run's tensors have in common. */
export interface RunExtents {
  /** The run's name, which is the symbol of its length. */
  readonly name: string;
  readonly batch: Dimension;
  /** The extent of the masks' first axis: 1 where all rows are seen alike. */
  readonly masks: Dimension;
  /** The lengths of the runs that are seen before it. */
  readonly before?: readonly Dimension[];
}

/** The fed tensors of a run of tokens: `<name>.tokens` and, as far as the model asks for them, those of {@linkcode Places}. */
export function runInputs(
  { heads: { heads, keyValueHeads }, places }: Pick<Architecture, "heads" | "places">,
  { name, batch, masks, before = [] }: RunExtents,
): Segment {
  const queries = multiplyDimensions(heads / keyValueHeads, name), keys = addDimensions(...before, name);
  const angles = Object.entries(places.angles).map(([kind, { inverseFrequencies }]) => {
    const shape = [batch, name, inverseFrequencies.length];
    return [kind, {
      cosines: input(`${name}.cosines.${kind}`, shape),
      sines: input(`${name}.sines.${kind}`, shape),
    }] as const;
  });
  const kinds = Object.keys(places.masks).map((kind) => {
    return [kind, input(`${name}.mask.${kind}`, [masks, 1, queries, keys])] as const;
  });
  const distance = (way: string) => input(`${name}.distances.${way}`, [distanceCount(name)], "int64");
  return {
    tokens: input(`${name}.tokens`, [batch, name], "int64"),
    angles: Object.fromEntries(angles),
    masks: Object.fromEntries(kinds),
    ...(places.positions === undefined ? {} : { positions: input(`${name}.positions`, [batch, name], "int64") }),
    ...(places.keyPositions ? { keyPositions: input(`${name}.keyPositions`, [masks, 1, 1, keys]) } : {}),
    ...(places.distances === undefined ? {} : { distances: { back: distance("back"), ahead: distance("ahead") } }),
    ...(places.present ? { present: input(`${name}.present`, [batch, name, 1]) } : {}),
    ...(places.pooled === undefined ? {} : { pooling: input(`${name}.pooling`, [batch, 1, name]) }),
    ...(places.buckets === undefined
      ? {}
      : { buckets: input(`${name}.buckets`, [before.length === 0 ? 1 : masks, name, keys], "int64") }),
    ...(places.encodedMask ? { encodedMask: input(`${name}.mask.encoded`, ["batch", 1, 1, "context"]) } : {}),
    ...(places.tokenTypes ? { tokenTypes: input(`${name}.tokenTypes`, [batch, name], "int64") } : {}),
  };
}
