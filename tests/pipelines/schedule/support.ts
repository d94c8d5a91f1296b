/** Runs a small pipeline and reads its results. @module */
import assert from "node:assert/strict";
import type { EvaluateRecord, MemberRecord, Results, TrainRecord } from "../../../pipelines/results/results.ts";
import { inScene, type PipelineParts, type Scene } from "../../support/scene.ts";

/** The results of a run of the scene, which has to succeed. */
export async function resultsOf(scene: Scene, ...options: readonly string[]): Promise<Results> {
  const { code, stdout, stderr } = await scene.run("--json", ...options);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

/** A member's training. */
export const trainingOf = ({ stages }: MemberRecord) =>
  stages.find((stage): stage is TrainRecord => stage.kind === "train")!;
/** A member's last evaluation. */
export const evaluationOf = ({ stages }: MemberRecord) =>
  stages.findLast((stage): stage is EvaluateRecord => stage.kind === "evaluate")!;
/** Each member's losses. */
export const lossesOf = ({ members }: Results) => members.map((member) => trainingOf(member).losses);

/** The results of a run's only training and its evaluation. */
export async function onlyMember(parts: Partial<PipelineParts>, ...options: readonly string[]) {
  let found:
    | (Pick<TrainRecord, "losses" | "gradientNorms"> & {
      metrics: Readonly<Record<string, number>>;
      predictions: string;
    })
    | undefined;
  await inScene(parts, async (scene) => {
    const { members: [member] } = await resultsOf(scene, ...options);
    const { metrics, predictions } = evaluationOf(member!);
    const text = await Deno.readTextFile(scene.path("out", predictions));
    const { losses, gradientNorms = [] } = trainingOf(member!);
    found = { losses, gradientNorms, metrics, predictions: text };
  });
  return found!;
}

/** Asserts a relative tolerance, element by element. */
export function assertClose(actual: readonly number[], expected: readonly number[], tolerance: number): void {
  assert.equal(actual.length, expected.length);
  actual.forEach((value, index) => {
    const difference = Math.abs(value / expected[index]! - 1);
    assert.ok(difference <= tolerance, `${value} at ${index} where ${expected[index]} is expected`);
  });
}

/** The answers in the text of a predictions.jsonl. */
export const predictionsOf = (text: string) => {
  return text.trimEnd().split("\n").map((line) => JSON.parse(line).prediction as string);
};
