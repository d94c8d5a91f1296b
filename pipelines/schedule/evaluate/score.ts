/**
 * Scoring: the log-likelihood that a model gives to completions.
 *
 * @module
 */
import { copyTensors, type TensorMap } from "../../compile/parameters/initial.ts";
import { exampleFeeds } from "../../compile/rows/feeds.ts";
import { layOut } from "../../compile/rows/laid_out_rows.ts";
import { wholeRows } from "../../compile/rows/layout.ts";
import type { Adaptation } from "../../compile/lower/adaptation.ts";
import type { TokenizedExample } from "../../data/examples.ts";
import type { Architecture } from "../../models/architecture/architecture.ts";
import type { Session } from "../../runtime/runtime.ts";

/** A model ready to score. */
export interface Scorer {
  readonly architecture: Architecture;
  readonly adaptations: readonly Adaptation[];
  readonly tensors: TensorMap;
  readonly session: Session;
}

/** What a completion costs: the sum of its tokens' negative log-likelihoods in nats, and their number. */
export interface Score {
  readonly loss: number;
  readonly tokens: number;
}

/** The scores of examples that run together. */
export async function score(scorer: Scorer, examples: readonly TokenizedExample[]): Promise<Score[]> {
  const { architecture, adaptations, tensors, session } = scorer;
  const layout = wholeRows(architecture, adaptations), rows = examples.map((example) => layOut(example, layout));
  const { outputs } = await session.run({
    ...exampleFeeds(rows, layout, architecture, adaptations),
    ...copyTensors(tensors),
  });
  const losses = outputs["losses"]!.data as Float32Array;
  let at = 0;
  return rows.map(({ labels }) => {
    let loss = 0;
    for (const end = at + labels.length; at < end; at++) loss += losses[at]!;
    return { loss, tokens: labels.length };
  });
}
