/** The tensors that the host feeds for labels: tokens, classes and numbers. @module */
import type { Feeds, HostTensor } from "../../common/host_tensor.ts";
import type { Head } from "../lower/adaptation.ts";
import type { LaidOutRow } from "./laid_out_rows.ts";

/** The names of the fed tensors. */
export const labelInputs = {
  /** The indices of the tokens whose hidden states are read [labelled, 1], into the tails of all rows concatenated. */
  indices: "labelled.indices",
  /** The label that each of them predicts [labelled, 1]. */
  targets: "labelled.targets",
  /** Each token's weight in the mean over its row [batch, tail, 1]. */
  shares: "labelled.shares",
} as const;

/** The labels of a group of rows. */
export function labelFeeds(rows: readonly LaidOutRow[], tail: number, head: Head | undefined): Feeds {
  const targets = rows.flatMap(({ labels }) => labels);
  const data = head?.kind === "regression" ? Float32Array.from(targets) : BigInt64Array.from(targets, BigInt);
  return {
    ...head?.pooled === "mean" ? { [labelInputs.shares]: sharesOf(rows, tail) } : {},
    ...indexFeeds(rows.map(({ labelIndices }) => head?.pooled === "first" ? [0] : labelIndices), tail),
    [labelInputs.targets]: { data, shape: [targets.length, 1] },
  };
}

/**
 * The tokens of each row's tail whose hidden states are read.
 *
 * @param tail The number of tokens in the longest tail.
 */
export function indexFeeds(rows: readonly (readonly number[])[], tail: number): Feeds {
  const indices = rows.flatMap((own, row) => own.map((at) => row * tail + at));
  return { [labelInputs.indices]: { data: BigInt64Array.from(indices, BigInt), shape: [indices.length, 1] } };
}

/** The tokens to be predicted at each of these. */
export function targetFeeds(tokens: readonly number[]): Feeds {
  return { [labelInputs.targets]: { data: BigInt64Array.from(tokens, BigInt), shape: [tokens.length, 1] } };
}

function sharesOf(rows: readonly LaidOutRow[], tail: number): HostTensor {
  const data = new Float32Array(rows.length * tail);
  rows.forEach(({ tail: own }, row) => data.fill(1 / own.length, row * tail, row * tail + own.length));
  return { data, shape: [rows.length, tail, 1] };
}
