/** Scores both answers of rows with a model: their log-likelihoods, or its head's output. @module */
import { madeOf, type RowList } from "../../common/row_list.ts";
import type { Feeds } from "../../common/host_tensor.ts";
import { headOf } from "../../compile/lower/adaptation.ts";
import type { CompiledModel } from "../../compile/programs/forward.ts";
import { headProgram, scoreProgram } from "../../compile/programs/inference_programs.ts";
import { type AnswerScores, sumsByAnswer } from "../../compile/rows/answers.ts";
import { withAttentionParts } from "../../compile/rows/attention_parts.ts";
import { exampleFeeds } from "../../compile/rows/feeds.ts";
import { layOut } from "../../compile/rows/laid_out_rows.ts";
import { type Layout, wholeRows } from "../../compile/rows/layout.ts";
import type { TokenizedExample } from "../../data/examples.ts";
import type { ModelWeights } from "../../models/open/model.ts";
import { inBatches } from "../context/resumable_batches.ts";
import { finite } from "../context/finite.ts";
import type { RunContext } from "../context/run_context.ts";

/** Answers to score. */
export interface ScoredAnswers {
  /** The name that progress shows. */
  readonly name: string;
  /** The model of one member. */
  readonly model: CompiledModel;
  readonly weights: ModelWeights;
  /** Returns what the model is fed besides the rows, freshly for each run. */
  readonly fed: () => Feeds;
  /** Each with two answers. */
  readonly examples: RowList<TokenizedExample>;
  /** The store's key of what is derived from the scores. */
  readonly key: string;
  /**
   * Whether they are scored repeatedly between a training's steps, so that progress is hidden and the session stays
   * open.
   */
  readonly isQuiet?: (() => boolean) | undefined;
}

/** Tokens of rows that run together: enough for full speed, and no more logits than a training step has. */
const tokensPerRun = 1024;

/** How rows with two answers are laid out if nothing of them is encoded beforehand. */
export function answersLayout(
  { architecture, members }: Pick<CompiledModel, "architecture" | "members">,
  examples: RowList<TokenizedExample>,
): Layout {
  return { ...withAttentionParts(wholeRows(architecture, members.flat()), architecture, examples), answers: 2 };
}

/** The scores of each row's answers. */
export async function scoreAnswers(
  runContext: RunContext,
  { name, model, weights, fed, examples, key, isQuiet }: ScoredAnswers,
): Promise<AnswerScores> {
  const { architecture, members } = model, adaptations = members.flat(), hasHead = headOf(adaptations) !== undefined;
  const layout = answersLayout(model, examples);
  const program = hasHead ? headProgram(model, layout) : scoreProgram(model, layout);
  const session = await runContext.sessions.open(program, weights);
  const rows = madeOf(examples, (example) => layOut(example, layout)), lengths = rows.map(({ tail }) => tail.length);
  const size = Math.max(1, Math.floor(tokensPerRun / Math.max(...lengths)));
  const batched = { key, purpose: "score", stage: name, lengths, size, isQuiet } as const;
  const scores = await inBatches(runContext, batched, async (batch) => {
    const group = batch.map((row) => rows.at(row)!);
    const { outputs } = await session.run({ ...exampleFeeds(group, layout, architecture, adaptations), ...fed() });
    const { data } = outputs[hasHead ? "headOutputs" : "losses"]!;
    let from = 0;
    return group.map((row): [number, number] => {
      const first = from;
      from += row.labels.length;
      // A head returns a number; generated text has a negative log-likelihood for each token.
      if (hasHead) return [Number(data[first]), Number(data[first + 1])];
      const [chosen, rejected] = sumsByAnswer(row, (label) => -Number(data[first + label]));
      return [finite(chosen, name), finite(rejected, name)];
    });
  });
  if (isQuiet?.() !== true) await runContext.sessions.release(program, weights);
  return scores;
}
