/**
 * The evaluate stage: answers and scores for rows, from which metrics are computed.
 *
 * @module
 */
import { headOf } from "../../compile/lower/adaptation.ts";
import { copyTensors } from "../../compile/parameters/initial.ts";
import type { Row } from "../../data/row.ts";
import { judgeOf, programsOf, readsRewards, readsScores } from "../../metrics/mod.ts";
import type { Predicted } from "../../metrics/predicted.ts";
import type { MeasuredRow, Prediction } from "../../metrics/prediction.ts";
import type { RunContext } from "../context/run_context.ts";
import { rewardsOf } from "../preferences/rewards.ts";
import type { Answered } from "./answering.ts";
import type { EvaluateJob } from "./evaluate_job.ts";
import { commonWork, type EvaluationWork, headKey, rewardsKey, scoresKey, textWork } from "./evaluation_keys.ts";
import { inStore } from "./in_store.ts";
import { predict, readPredictions } from "./predict.ts";
import { judgements } from "./judgements.ts";
import { scoreAll } from "./score.ts";
import { verdicts } from "./verdicts.ts";
import { madeOf, type RowList } from "../../common/row_list.ts";

/** The result of an evaluation. */
interface Evaluated {
  readonly predictions: RowList<Prediction>;
  /** The inputs of the metrics. */
  readonly predicted: Predicted;
  readonly cached: boolean;
  /** Of the answers, if they were generated in this run. */
  readonly tokensPerSecond?: number;
}

/**
 * The predictions, from the store as far as they are there. Answers and scores are separate entries, so that a metric
 * that needs one does not recompute the other; metrics themselves are not part of their keys.
 *
 * @param answersOf Answers the rows with the evaluation's decoding.
 */
export async function predictions(
  runContext: RunContext,
  job: EvaluateJob,
  answersOf: (job: EvaluateJob) => Promise<Answered>,
): Promise<Evaluated> {
  const { stage } = job, { decoding, metrics } = stage.spec;
  const work = commonWork(runContext, job);
  const head = headOf(stage.adaptations);
  if (head?.kind === "reward") {
    const { found, cached } = await rewards(runContext, job, work);
    const predictions = madeOf(stage.rows, (row, at) => ({ ...textsOf(row), ...found.at(at) }));
    return { predictions, predicted: { kind: "pairs", rows: withRows(predictions, stage.rows) }, cached };
  }
  if (head !== undefined) {
    const { found, cached } = await inStore(runContext, headKey(stage, work), (key) => predict(runContext, job, key));
    return { ...readPredictions(stage, found), cached };
  }
  const common = textWork(stage, work);
  const answers = decoding === undefined ? undefined : await answersOf(job);
  const scores = readsScores(metrics)
    ? await inStore(runContext, scoresKey(common), (key) => {
      return scoreAll(runContext, job, stage.examples, { key, purpose: "score" });
    })
    : undefined;
  const compared = readsRewards(metrics) ? await rewards(runContext, job, common) : undefined;
  const settings = programsOf(metrics);
  const judged = settings === undefined ? undefined : await verdicts(runContext, stage, answers?.rows ?? [], settings);
  const judge = judgeOf(metrics);
  const preferred = judge === undefined ? undefined : await judgements(runContext, stage, answers?.rows ?? [], judge);
  const found = madeOf(stage.rows, (row, at) => {
    return {
      ...textsOf(row),
      ...answers?.rows.at(at),
      ...judged?.found.at(at),
      ...preferred?.found.at(at),
      ...scores?.found.at(at),
      ...compared?.found.at(at),
    };
  });
  return {
    predictions: found,
    predicted: { kind: "texts", rows: withRows(found, stage.rows) },
    cached: [answers, judged, preferred, scores, compared].every((part) => part?.cached ?? true),
    ...answers?.tokensPerSecond === undefined ? {} : { tokensPerSecond: answers.tokensPerSecond },
  };
}

/** Predictions as metrics see them. */
function withRows(predictions: RowList<Prediction>, rows: RowList<Row>): RowList<MeasuredRow> {
  return madeOf(predictions, (prediction, at) => {
    const { fields, place } = rows.at(at)!;
    return { ...prediction, fields, place };
  });
}

function textsOf({ prompt, completion, rejected }: Row): Pick<Prediction, "prompt" | "completion" | "rejected"> {
  return { prompt, completion, ...rejected === undefined ? {} : { rejected: rejected.completion } };
}

/** Both rewards of each row. */
async function rewards(
  runContext: RunContext,
  { stage, compiled, weights, tensors, isQuiet }: EvaluateJob,
  work: EvaluationWork,
) {
  const { name, model, examples, training } = stage, { objective } = training?.spec ?? {};
  const { found, cached } = await inStore(
    runContext,
    rewardsKey(stage, work),
    (key) => {
      const request = { name, model: compiled, weights, fed: () => copyTensors(tensors), examples, key, isQuiet };
      return rewardsOf(runContext, model, request, objective);
    },
  );
  return { found: madeOf(found, ([chosenReward, rejectedReward]) => ({ chosenReward, rejectedReward })), cached };
}
