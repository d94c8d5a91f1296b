/** The expected duration of a run, before it runs and compared with the actual one. */
import assert from "node:assert/strict";
import { inScene, type Scene } from "../../../support/scene.ts";
import { inProcess } from "../../../support/command.ts";
import type { Results } from "../../../../pipelines/results/results.ts";
import type { Plan } from "../../../../pipelines/schedule/plan/plan.ts";

async function asked<T>(scene: Scene, command: "plan" | "run", ...options: readonly string[]): Promise<T> {
  const places = command === "run" ? scene.places : ["--store", scene.path("store"), "--threads", "1"];
  const { code, stdout, stderr } = await inProcess(command, scene.pipeline, ...places, "--json", ...options);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as T;
}

const stages =
  "{ base: evaluate(base, { data: heldOut, metrics, decoding }), tuned: evaluate(tuned, { data: heldOut, metrics, decoding }) }";

Deno.test("a plan counts evaluations, and after a run expects its stages to take as long as they did", () =>
  inScene({ stages, rank: 'sweep("rank", [1, 2])' }, async (scene) => {
    const { estimate: before } = await asked<Plan>(scene, "plan");
    // The base model is evaluated once for both members.
    assert.deepEqual([before.evaluations, before.basis], [3, "assumed"]);
    assert.ok(before.parts.evaluate > 0 && before.parts.train > 0 && before.parts.encode > 0);
    assert.ok(Math.abs(Object.values(before.parts).reduce((sum, part) => sum + part) - before.seconds) < 1e-9);
    const { members, encode, time } = await asked<Results>(scene, "run");
    const records = [...members.flatMap((member) => member.stages), ...encode];
    const expected = records.reduce((sum, { expectedSeconds = 0 }) => sum + expectedSeconds, 0);
    assert.ok(Math.abs(expected - time!.expectedSeconds) < 1e-9 && Math.abs(expected - before.seconds) < 1e-9);
    assert.deepEqual(records.filter(({ cached }) => cached).map(({ expectedSeconds }) => expectedSeconds), [undefined]);
    const { estimate: after } = await asked<Plan>(scene, "plan");
    assert.deepEqual([after.evaluations, after.steps, after.seconds], [0, 0, 0]);
    // Other ranks need the same work, and take about as long as these.
    const { estimate: other } = await asked<Plan>(scene, "plan", "--set", "rank=3,4");
    assert.deepEqual([other.evaluations, other.basis, other.parts.encode], [2, "model", 0]);
    const trained = members.flatMap((member) => member.stages).filter(({ kind }) => kind === "train");
    const taken = trained.reduce((sum, { seconds }) => sum + seconds, 0);
    assert.ok(Math.abs(other.parts.train / taken - 1) < 0.05, `${other.parts.train} s for ${taken} s`);
  }));
