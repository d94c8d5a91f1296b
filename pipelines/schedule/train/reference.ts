/**
 * The log-likelihoods that the frozen model gives to both answers of each row: constants of the experiment, computed once
 * and kept in the store, whatever is trained.
 *
 * @module
 */
import { scoreProgram } from "../../compile/programs/inference_programs.ts";
import { type ReferenceScores, sumsByAnswer } from "../../compile/rows/answers.ts";
import { withAttentionParts } from "../../compile/rows/attention_parts.ts";
import { exampleFeeds, fedNumbers } from "../../compile/rows/feeds.ts";
import { layOut } from "../../compile/rows/laid_out_rows.ts";
import { type Layout, wholeRows } from "../../compile/rows/layout.ts";
import type { TokenizedExample } from "../../data/examples.ts";
import type { Model, ModelWeights } from "../../models/open/model.ts";
import { keyOf } from "../../store/store.ts";
import { inBatches, removeParts } from "../context/resumable_batches.ts";
import type { RunContext } from "../context/run_context.ts";
import { compilerVersion } from "../keys/compiler_version.ts";

/** What the frozen model says of rows, and whether an earlier run has asked it. */
export interface Reference {
  readonly scores: ReferenceScores;
  readonly key: string;
  readonly cached: boolean;
  readonly seconds: number;
}

/** Rows for the frozen model. */
interface ReferenceRequest {
  /** The stage's name. */
  readonly name: string;
  readonly model: Model;
  readonly weights: ModelWeights;
  /** Each with two answers. */
  readonly examples: readonly TokenizedExample[];
}

const kind = "reference";

/** Tokens of rows that run together: enough for full speed, and no more logits than a step of training has. */
const tokensPerRun = 1024;

/** The frozen model's log-likelihoods, from the store if they are there. */
export async function referenceOf(runContext: RunContext, request: ReferenceRequest): Promise<Reference> {
  const start = performance.now(), { store } = runContext, { model: { architecture }, weights, examples } = request;
  const plain = withAttentionParts(wholeRows(architecture, []), architecture, examples);
  const layout: Layout = { ...plain, answers: 2 };
  const key = keyOf({
    compiler: compilerVersion(),
    config: request.model.config,
    fed: fedNumbers(architecture),
    weights: weights.digest,
    layout,
    rows: examples.map(({ prompt, completion, rejected }) => [prompt, completion, rejected ?? null]),
    machine: runContext.machine,
  });
  const known = await store.getJson(kind, key) as ReferenceScores | undefined;
  const scores = known ?? await compute(runContext, request, layout, key);
  if (known === undefined) await store.putJson(kind, key, scores);
  removeParts(store, key);
  return { scores, key, cached: known !== undefined, seconds: (performance.now() - start) / 1000 };
}

async function compute(
  runContext: RunContext,
  { name, model: { architecture }, weights, examples }: ReferenceRequest,
  layout: Layout,
  key: string,
): Promise<ReferenceScores> {
  const frozen = { architecture, storedType: weights.storedType, members: [[]], full: false };
  const program = scoreProgram(frozen, layout), session = await runContext.sessions.open(program, weights);
  const rows = examples.map((example) => layOut(example, layout)), lengths = rows.map(({ tail }) => tail.length);
  const size = Math.max(1, Math.floor(tokensPerRun / Math.max(...lengths)));
  const scores = await inBatches(
    runContext,
    { key, purpose: "score", stage: `the base of ${name}`, lengths, size },
    async (batch) => {
      const group = batch.map((row) => rows[row]!);
      const { outputs } = await session.run(exampleFeeds(group, layout, architecture, []));
      const losses = outputs["losses"]!.data;
      let from = 0;
      return group.map((row) => {
        const first = from;
        from += row.labels.length;
        return sumsByAnswer(row, (label) => -Number(losses[first + label]));
      });
    },
  );
  await runContext.sessions.release(program, weights);
  return scores;
}
