/** Runs a training and writes what it learned to the member's folder. @module */
import { join } from "node:path";
import { ofKind } from "../../common/of_kind.ts";
import { epochFolder } from "../../compile/parameters/trained_interventions.ts";
import { metricNameOf, readsScores } from "../../metrics/mod.ts";
import type { TrainRecord, ValidationRecord } from "../../results/results.ts";
import { weightsFor } from "../prepare/model_weights.ts";
import type { PreparedTraining } from "../prepare/prepared.ts";
import { bestOf } from "../train/validations.ts";
import { marginsOf } from "../train/rewards.ts";
import type { StageExecution } from "./stage_execution.ts";

/** The validations' part of results.json; empty if there are none. */
function validated(
  { validation }: PreparedTraining,
  records: readonly ValidationRecord[] = [],
): Pick<TrainRecord, "validation" | "best"> {
  const best = records[bestOf({ validation }, records)];
  if (validation === undefined || best === undefined) return {};
  return { validation: records, best: { step: best.step, metric: metricNameOf(validation.best) } };
}

/** Trainings. */
export const trainStage: StageExecution<"train"> = {
  async gather({ runContext, trainings, prompts, scores }, stage, { member }) {
    await trainings.add(stage, member.id);
    if (stage.validation === undefined) return;
    const { evaluation } = stage.validation, weights = await weightsFor(runContext, stage);
    prompts.add(evaluation, weights);
    if (readsScores(evaluation.spec.metrics)) scores.add(evaluation, weights);
  },
  async run({ runContext, trainings, output, timed }, stage, { member, stages }) {
    const key = trainings.keyOf(stage), isFirst = !timed.has(key);
    timed.add(key);
    const trained = await trainings.resultOf(stage), { tensors, losses, gradientNorms, rewards, reference } = trained;
    const { stepSeconds, validation, cached, seconds } = trained;
    const name = stage.full === undefined ? "intervention" : "model";
    const place = ofKind(stages, "train").length > 1 ? stage.name : "";
    const weights = await runContext.models.filesDigest(stage.model, stage.quantize);
    await output.trained(member.id, join(place, name), stage, tensors, weights);
    for (const epoch of stage.spec.checkpoints ?? []) {
      const { tensors } = await trainings.resultAt(stage, epoch);
      await output.trained(member.id, join(place, epochFolder(epoch), name), stage, tensors, weights);
    }
    return {
      name: stage.name,
      kind: "train",
      cached: cached || !isFirst,
      // Encoding is recorded separately.
      seconds: isFirst ? seconds : 0,
      steps: losses.length,
      losses,
      ...gradientNorms.length > 0 ? { gradientNorms } : {},
      ...rewards === undefined ? {} : { rewards: { ...rewards, margins: marginsOf(rewards) } },
      ...reference === undefined ? {} : { reference },
      stepSeconds,
      ...validated(stage, validation),
    };
  },
};
