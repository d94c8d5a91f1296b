/** Functions of a pipeline that are async where a plain value is needed, and fail. @module */
import assert from "node:assert/strict";
import { inScene, type PipelineParts } from "../../support/scene.ts";

const fails = "async () => { throw new Error('later'); }";
const metric = (settings: string): Partial<PipelineParts> => ({
  preamble: "const { metric } = refract;",
  metrics: `[metric("mine", { ${settings} })]`,
});

for (
  const [what, parts, expected] of [
    ["measure", metric(`measure: ${fails}`), /measure of the metric mine returned a promise/],
    ["measureAll", metric(`measureAll: ${fails}`), /measureAll of the metric mine returned a promise/],
    ["map", { heldOut: `rows.map(${fails})` }, /the function of \.map returned a promise/],
    ["filter", { heldOut: `rows.filter(${fails})` }, /the function of \.filter returned a promise/],
    ["positions", { positions: fails }, /returned a promise/],
    ["what is built", { stages: `(${fails})()` }, /a promise/],
  ] as const
) {
  Deno.test(`an async function that fails is refused in one line: ${what}`, () =>
    inScene(parts, async (scene) => {
      const { code, stderr } = await scene.run();
      const [last, ...others] = stderr.trim().split("\n").filter((line) => line.startsWith("error: "));
      assert.deepEqual([code, others], [2, []], stderr);
      assert.match(last!, expected);
      assert.doesNotMatch(stderr, / {4}at /);
    }));
}
