/** Runs an activations stage and writes what the model computed to the member's folder. @module */
import { join } from "node:path";
import { activationsOf } from "../activations/stored_activations.ts";
import { noteRate } from "../context/rates.ts";
import { activationsWork } from "../pace/stage_work.ts";
import { weightsFor } from "../prepare/model_weights.ts";
import type { StageExecution } from "./stage_execution.ts";
import { tensorsOf } from "./stage_tensors.ts";

/** Activations. */
export const activationsStage: StageExecution<"activations"> = {
  gather: () => Promise.resolve(),
  async run({ runContext, trainings, output }, stage, { member }) {
    const start = performance.now(), { name, rows } = stage;
    const weights = await weightsFor(runContext, stage);
    const { tensors, key } = await tensorsOf(trainings, stage, weights);
    const { entry, cached } = await activationsOf(runContext, stage, weights, tensors, key);
    using open = entry;
    const path = join("members", member.id, `${name}.safetensors`);
    await output.copy(path, open.path);
    const seconds = (performance.now() - start) / 1000;
    if (!cached) await noteRate(runContext, activationsWork(stage), seconds);
    return { name, kind: "activations", cached, seconds, rows: rows.length, tensors: path };
  },
};
