/** Comparing what a page trains with the same pipeline in Deno. @module */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { Results } from "../../pipelines/results/results.ts";
import { inProcess } from "./command.ts";

/** What a pipeline computes. */
interface Computed {
  readonly losses: readonly number[];
  /** The answers of its evaluations of these names; empty if it has none. */
  readonly base: readonly Answered[];
  readonly tuned: readonly Answered[];
}

interface Answered {
  readonly prompt: string;
  readonly prediction: string;
}

/** The losses and answers of a pipeline in Deno. */
export async function inDeno(pipeline: string, folder: string, ...args: readonly string[]): Promise<Computed> {
  const out = join(folder, `out-${crypto.randomUUID()}`), store = join(folder, "store");
  const all = ["run", pipeline, "--out", out, "--store", store, "--threads", "2", "--json", ...args];
  const { code, stdout, stderr } = await inProcess(...all);
  assert.equal(code, 0, stderr);
  const { members: [member] }: Results = JSON.parse(stdout);
  const losses = member!.stages.flatMap((stage) => stage.kind === "train" ? [...stage.losses] : []);
  const answersOf = async (name: string) => {
    const stage = member!.stages.find((each) => each.kind === "evaluate" && each.name === name);
    if (stage?.kind !== "evaluate") return [];
    const text = await Deno.readTextFile(join(out, stage.predictions));
    return text.trim().split("\n").map((line): Answered => JSON.parse(line));
  };
  return { losses, base: await answersOf("base"), tuned: await answersOf("tuned") };
}

/** Requires as many losses, each within a distance of the expected one. */
export function assertNear(found: readonly number[], expected: readonly number[], within: number): void {
  assert.equal(found.length, expected.length);
  found.forEach((loss, at) =>
    assert.ok(Math.abs(loss - expected[at]!) <= within, `step ${at}: ${loss}, ${expected[at]}`)
  );
}

/** The messages except the expected one that there is no WebGPU adapter. */
export const serious = (complaints: readonly string[]): readonly string[] =>
  complaints.filter((text) => !text.includes("No available adapters"));
