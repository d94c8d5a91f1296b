/**
 * Scoring: the log-likelihood that a model assigns to completions.
 *
 * @module
 */
import { madeOf, type RowList } from "../../common/row_list.ts";
import type { Feeds } from "../../common/host_tensor.ts";
import type { Adaptation } from "../../compile/lower/adaptation.ts";
import { copyTensors, type TensorMap } from "../../compile/parameters/initial.ts";
import { scoreProgram } from "../../compile/programs/inference_programs.ts";
import { withAttentionParts } from "../../compile/rows/attention_parts.ts";
import { exampleFeeds } from "../../compile/rows/feeds.ts";
import { type LaidOutRow, layOut } from "../../compile/rows/laid_out_rows.ts";
import { type Layout, wholeRows } from "../../compile/rows/layout.ts";
import type { TokenizedExample } from "../../data/examples.ts";
import type { Architecture } from "../../models/architecture/architecture.ts";
import type { Session } from "../../runtime/runtime.ts";
import { finite } from "../context/finite.ts";
import { type BatchedRows, inBatches } from "../context/resumable_batches.ts";
import type { RunContext } from "../context/run_context.ts";
import type { EvaluateJob } from "./evaluate_job.ts";
import { prefixLayout, withPrefixRead } from "./shared_prefix.ts";

/** A model ready to score. */
interface Scorer {
  readonly architecture: Architecture;
  readonly adaptations: readonly Adaptation[];
  readonly tensors: TensorMap;
  readonly session: Session;
  /** The stage's name. */
  readonly name: string;
  readonly layout: Layout;
  /** What was computed of the part that all rows share. */
  readonly shared: Feeds;
}

/** The loss of a completion: the sum of its tokens' negative log-likelihoods in nats, and their number. */
interface Score {
  readonly loss: number;
  readonly tokens: number;
}

/** The scores of rows that run together. */
async function score(scorer: Scorer, rows: readonly LaidOutRow[], kept: Feeds = {}): Promise<Score[]> {
  const { architecture, adaptations, tensors, session, name, layout, shared } = scorer;
  const { outputs } = await session.run({
    ...exampleFeeds(rows, layout, architecture, adaptations),
    ...copyTensors(tensors),
    ...shared,
    ...kept,
  });
  const losses = outputs["losses"]!.data as Float32Array;
  let at = 0;
  return rows.map(({ labels }) => {
    let loss = 0;
    for (const end = at + labels.length; at < end; at++) loss += losses[at]!;
    return { loss: finite(loss, name), tokens: labels.length };
  });
}

/** The scores of examples, batch by batch. */
export async function scoreAll(
  runContext: RunContext,
  job: EvaluateJob,
  examples: RowList<TokenizedExample>,
  kept: Pick<BatchedRows, "key" | "purpose">,
): Promise<RowList<Score>> {
  const { stage, weights, compiled, tensors } = job;
  const lengths = examples.map(({ prompt, completion }) => prompt.length + completion.length);
  const batched = { ...kept, stage: stage.name, lengths, size: stage.batchSize, isQuiet: job.isQuiet };
  const encoded = examples === stage.examples ? await job.encodedScores?.() : undefined;
  if (encoded !== undefined) {
    const { program, layout, rows } = encoded, { model: { architecture }, adaptations } = stage;
    const session = await runContext.sessions.open(program, weights);
    const scorer = { architecture, adaptations, tensors, session, name: stage.name, layout, shared: {} };
    let slot: 0 | 1 = 0;
    let gathered: { readonly batch: readonly number[]; readonly kept: Feeds } | undefined;
    const gather = (batch: readonly number[]) => ({ batch, kept: encoded.kept(batch, slot = slot === 0 ? 1 : 0) });
    return await inBatches(runContext, batched, async (batch, next) => {
      const { kept } = gathered?.batch === batch ? gathered : gather(batch);
      const running = score(scorer, batch.map((row) => rows.at(row)!), kept);
      // The next batch is gathered while this one runs.
      gathered = next && gather(next);
      return await running;
    });
  }
  const { model: { architecture }, adaptations } = stage;
  const prefixed = prefixLayout(stage, examples), whole = wholeRows(architecture, adaptations);
  const layout = prefixed ?? withAttentionParts(whole, architecture, examples);
  const { program, shared } = prefixed === undefined
    ? { program: scoreProgram(compiled, layout), shared: {} }
    : await withPrefixRead(
      runContext,
      job,
      scoreProgram(compiled, layout),
      layout,
      madeOf(examples, (each) => layOut(each, layout)),
    );
  const session = await runContext.sessions.open(program, weights);
  const scorer: Scorer = { architecture, adaptations, tensors, session, name: stage.name, layout, shared };
  return await inBatches(runContext, batched, (batch) => {
    return score(scorer, batch.map((row) => layOut(examples.at(row)!, layout)));
  });
}
