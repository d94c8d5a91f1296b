/** Runs an evaluation and writes its predictions to the member's folder. @module */
import { join } from "node:path";
import { ofKind } from "../../common/of_kind.ts";
import { madeOf, type RowList } from "../../common/row_list.ts";
import { ownValue } from "../../../ops/program/own_value.ts";
import { writtenOf } from "../../decoding/kinds.ts";
import { judgeOf, readsRewards, readsScores } from "../../metrics/mod.ts";
import type { Prediction } from "../../metrics/prediction.ts";
import { instruct } from "../../tasks/instruct.ts";
import { pairsOf } from "../evaluate/judgements.ts";
import type { EvaluateJob } from "../evaluate/evaluate_job.ts";
import { answersKey } from "../evaluate/evaluation_keys.ts";
import type { PreparedEvaluation, PreparedStage } from "../prepare/prepared.ts";
import { measure, measuredRows } from "../../metrics/measure.ts";
import type { EvaluateRecord } from "../../results/results.ts";
import { noteRate } from "../context/rates.ts";
import { noteTo } from "../context/work.ts";
import { predictions } from "../evaluate/evaluate.ts";
import { evaluateWork } from "../pace/stage_work.ts";
import { weightsFor } from "../prepare/model_weights.ts";
import { compiledModel } from "../prepare/prepared_model.ts";
import { taskRecordOf } from "../prepare/task_record.ts";
import type { SharedWork, StageExecution } from "./stage_execution.ts";
import { tensorsOf } from "./stage_tensors.ts";

/** Evaluations. */
export const evaluateStage: StageExecution<"evaluate"> = {
  async gather({ runContext, prompts }, stage) {
    prompts.add(stage, await weightsFor(runContext, stage));
  },
  async run(shared, stage, { member, stages }) {
    const start = performance.now(), { name, spec } = stage, { runContext, output } = shared;
    const job = await evaluateJobOf(shared, stage);
    // The time that passed for other evaluations while this one waited; negative if it began before its turn.
    let others = 0;
    const seconds = () => (performance.now() - start) / 1000 - others;
    const { predictions: found, predicted, cached, tokensPerSecond } = await predictions(
      runContext,
      job,
      async () => {
        const asked = performance.now(), answered = await shared.answers.of(job);
        if (answered.seconds !== undefined) others = (performance.now() - asked) / 1000 - answered.seconds;
        return answered;
      },
    );
    // Includes reading the weights and shared prompts, because a plan has to include them too.
    if (!cached) {
      const isAgain = runContext.evaluated.has(stage.examples);
      runContext.evaluated.add(stage.examples);
      await noteRate(runContext, evaluateWork(stage, runContext, isAgain), seconds());
    }
    const path = join("members", member.id, name, "predictions.jsonl");
    const outputs = outputsOf(stage, found);
    if (outputs !== undefined) await output.document(join("members", member.id, name, "model_outputs.json"), outputs);
    const measured = measure(spec.metrics, predicted, (caution) => noteTo(runContext.emit)(`${name}: ${caution}`));
    const rows = measuredRows(spec.metrics, predicted);
    const written = madeOf(found, (prediction, row) => ({ ...prediction, measured: rows.at(row)! }));
    await output.predictions(path, written);
    // The predictions of a member's only evaluation are also written where people look first.
    if (ofKind(stages, "evaluate").length === 1) {
      await output.predictions(join("members", member.id, "predictions.jsonl"), written);
    }
    const task = taskRecordOf(stage), training = stage.training?.name;
    const cutAnswers = found.filter(({ endsWithContext = false }) => endsWithContext).length;
    const record: EvaluateRecord = {
      name,
      kind: "evaluate",
      cached,
      seconds: seconds(),
      rows: found.length,
      ...tokensPerSecond === undefined ? {} : { tokensPerSecond },
      ...cutAnswers === 0 ? {} : { cutAnswers },
      ...recordOf(measured),
      ...training === undefined ? {} : { training },
      ...task === undefined ? {} : { task },
      predictions: path,
    };
    runContext.emit({ kind: "evaluation", member: member.id, record });
    return record;
  },
};

async function evaluateJobOf({ runContext, trainings, prompts }: SharedWork, stage: PreparedEvaluation) {
  const weights = await weightsFor(runContext, stage);
  const { tensors, key } = await tensorsOf(trainings, stage, weights);
  return {
    stage,
    weights,
    compiled: compiledModel(stage, weights),
    tensors,
    encodedPrompts: () => prompts.of(stage),
    tensorsKey: key,
  };
}

/** Whether an evaluation's metrics read scores or rewards, which are computed after its answers. */
function hasScores({ spec: { metrics } }: PreparedEvaluation): boolean {
  return readsScores(metrics) || readsRewards(metrics);
}

/**
 * The first evaluation after one in the order of stages whose answers have to be generated; nothing if the runtime has
 * other work before it, such as a training or scores.
 */
export async function evaluationAfter(
  shared: SharedWork,
  order: readonly PreparedStage[],
  after: PreparedEvaluation,
): Promise<EvaluateJob | undefined> {
  if (hasScores(after)) return undefined;
  for (const stage of order.slice(order.indexOf(after) + 1)) {
    if (stage.kind === "train") {
      if (await shared.trainings.isDone(stage)) continue;
      return undefined;
    }
    if (stage.kind !== "evaluate") return undefined;
    const { training, spec: { decoding } } = stage;
    if (decoding === undefined || writtenOf(decoding).newTokens === 0) return undefined;
    if (training !== undefined && !await shared.trainings.isDone(training)) return undefined;
    const job = await evaluateJobOf(shared, stage), { store } = shared.runContext;
    const key = answersKey(shared.runContext, job);
    if (store.has("predictions", key)) {
      if (hasScores(stage)) return undefined;
      continue;
    }
    // One that another process answers would only wait for it.
    const claim = store.claimant("predictions", key).take();
    claim?.[Symbol.dispose]();
    return claim && job;
  }
  return undefined;
}

/** Answers to instructions in AlpacaEval's format, which its own package reads; `undefined` for other rows. */
function outputsOf(stage: PreparedEvaluation, found: RowList<Prediction>): readonly unknown[] | undefined {
  const { task, metrics } = stage.spec, judge = judgeOf(metrics);
  const known = task === undefined ? undefined : ownValue(instruct, task.name), { dataset } = known ?? {};
  if (known === undefined && judge === undefined) return undefined;
  return pairsOf(stage, found, judge ?? { instruction: "instruction" }).map(({ output }) => {
    return { ...dataset === undefined ? {} : { dataset }, ...output };
  });
}

/** The metrics' part of results.json; absent values are omitted. */
function recordOf(
  { metrics, standardErrors, lowerIsBetter, units }: ReturnType<typeof measure>,
): Pick<EvaluateRecord, "metrics" | "standardErrors" | "lowerIsBetter" | "units"> {
  return {
    metrics,
    ...Object.keys(standardErrors).length === 0 ? {} : { standardErrors },
    ...lowerIsBetter.length === 0 ? {} : { lowerIsBetter },
    ...Object.keys(units).length === 0 ? {} : { units },
  };
}
