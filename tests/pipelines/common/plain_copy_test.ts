/** Functions of a pipeline that change what they are passed: nothing else reads the change. @module */
import assert from "node:assert/strict";
import { plainCopy, readOnlyCopy } from "../../../pipelines/common/plain_copy.ts";
import { inScene, type PipelineParts } from "../../support/scene.ts";
import { resultsOf } from "../schedule/support.ts";

Deno.test("a copy equals plain data at any depth and shares none of it; other values are kept", () => {
  const regex = /a/, data = { list: [{ a: 1 }, null], "__proto__x": "b", regex, none: undefined };
  const copy = plainCopy(data), fixed = readOnlyCopy(data);
  assert.deepEqual(copy, data);
  assert.deepEqual(fixed, data);
  assert.ok(copy.list !== data.list && copy.list[0] !== data.list[0] && copy.regex === regex);
  (copy.list[0] as { a: number }).a = 2;
  assert.deepEqual(data.list[0], { a: 1 });
  assert.throws(() => fixed.list.push(null), TypeError);
  assert.throws(() => Object.assign(fixed.list[0]!, { a: 2 }), TypeError);
  const named: unknown = JSON.parse('{"__proto__": {"a": 1}}');
  assert.equal(JSON.stringify(plainCopy(named)), '{"__proto__":{"a":1}}');
});

Deno.test("the function of .map may change the row that it is passed and return it; other stages read the row as it is", () =>
  inScene({
    heldOut: 'held.map((row) => { row.q = "changed"; return row; })',
    stages: "{ changed: evaluate(tuned, { data: heldOut, metrics, decoding }), " +
      "plain: evaluate(tuned, { data: held, metrics, decoding }) }",
  }, async (scene) => {
    const { members: [member] } = await resultsOf(scene);
    const prompts = await Promise.all(member!.stages.flatMap((stage) => {
      return stage.kind === "evaluate" ? [Deno.readTextFile(scene.path("out", stage.predictions))] : [];
    }));
    assert.deepEqual(prompts.map((text) => JSON.parse(text.split("\n")[0]!).prompt), ["changed\n", "A cat\n"]);
  }));

const metric = (settings: string): Partial<PipelineParts> => ({
  preamble: "const { metric } = refract;",
  metrics: `[metric("mine", { ${settings} }), exactMatch()]`,
});

for (
  const [what, parts] of [
    ["measure changes a row", metric("measure: (_, row) => { row.prediction = row.completion; return 1; }")],
    ["measure changes a field", metric("measure: (_, { fields }) => { fields.q = ''; return 1; }")],
    ["measureAll changes a row", metric("measureAll: (_, [row]) => { row.prediction = row.completion; return 1; }")],
    ["extract changes a row", { metrics: "[exactMatch({ extract: (text, row) => { row.completion = text; } })]" }],
    [".filter's function changes a field", { heldOut: "held.filter((fields) => { fields.q = ''; return true; })" }],
    ["the positions' function changes a field", { positions: "({ fields }) => { fields.q = ''; return [0]; }" }],
    ["the positions' function changes the ids", { positions: "({ ids }) => { ids[0] = 1; return [0]; }" }],
  ] as const
) {
  Deno.test(`it is refused in one line that ${what}`, () =>
    inScene(parts, async (scene) => {
      const { code, stderr } = await scene.run();
      assert.equal(code, 2, stderr);
      assert.match(stderr, /^error: .+ failed.* \(Cannot assign to read only property .+\); correct it$/m);
    }));
}
