/** How a training runs: what it learned is written to the member's folder. @module */
import { join } from "node:path";
import { ofKind } from "../../common/of_kind.ts";
import { marginsOf } from "../train/rewards.ts";
import type { StageExecution } from "./stage_execution.ts";

/** Trainings. */
export const trainStage: StageExecution<"train"> = {
  gather: ({ trainings }, stage, { member }) => trainings.add(stage, member.id),
  async run({ trainings, output, timed }, stage, { member, stages }) {
    const key = trainings.keyOf(stage), isFirst = !timed.has(key);
    timed.add(key);
    const trained = await trainings.resultOf(stage), { tensors, losses, gradientNorms, rewards, reference } = trained;
    const { stepSeconds, cached, seconds } = trained;
    const name = stage.full === undefined ? "intervention" : "model";
    const folder = ofKind(stages, "train").length > 1 ? join(stage.name, name) : name;
    await output.trained(member.id, folder, stage, tensors);
    return {
      name: stage.name,
      kind: "train",
      cached: cached || !isFirst,
      // Encoding has a line of its own.
      seconds: isFirst ? seconds : 0,
      steps: losses.length,
      losses,
      ...gradientNorms.length > 0 ? { gradientNorms } : {},
      ...rewards === undefined ? {} : { rewards: { ...rewards, margins: marginsOf(rewards) } },
      ...reference === undefined ? {} : { reference },
      stepSeconds,
    };
  },
};
