/** The type in which a pipeline expects a base model's weights. @module */
import assert from "node:assert/strict";
import { inScene } from "../../../support/scene.ts";

const sourceWith = (options: string) => ({ source: `"./model", ${options}` });

Deno.test("weights in the expected type are used as without it, and so are any in float32", async () => {
  const results: unknown[] = [];
  for (const options of ["{}", '{ dtype: "float32" }']) {
    await inScene(sourceWith(options), async (scene) => {
      const { code, stdout, stderr } = await scene.run("--json");
      assert.equal(code, 0, stderr);
      const { members: [{ stages: [{ losses }] }] } = JSON.parse(stdout);
      results.push(losses);
    });
  }
  assert.deepEqual(results[1], results[0]);
});

for (
  const [options, says] of [
    ['{ dtype: "bfloat16" }', /pipeline\.ts:7:\d+: the weights of model are stored in float32, not in bfloat16; omit/],
    ['{ dtype: "float16", quantize: "q8" }', /pipeline\.ts:7:\d+: quantize replaces the weights.*; omit dtype/],
    ['{ dtype: "f32" }', /dtype is "f32"; .*float32/],
  ] as const
) {
  Deno.test(`a base model with ${options} is refused in one line`, () =>
    inScene(sourceWith(options), async (scene) => {
      const { code, stderr } = await scene.run(), lines = stderr.trimEnd().split("\n");
      assert.deepEqual([code, lines.filter((line) => line.startsWith("error: ")).length], [2, 1], stderr);
      assert.match(lines.at(-1)!, says);
    }));
}
