import assert from "node:assert/strict";
import { layOut } from "../../../../pipelines/compile/rows/feeds.ts";
import type { TokenizedExample } from "../../../../pipelines/data/examples.ts";

const source = { text: "", spans: {}, fields: {} };
const prompt = [10, 11, 12, 13, 14], completion = [20, 21, 22, 23, 24, 25];

for (
  const [name, taught, labels] of [
    ["all of a completion", undefined, completion],
    ["some of its tokens", [0, 1, 4], [20, 21, 24]],
  ] as const
) {
  Deno.test(`layOut() predicts each label at the token before it: ${name}`, () => {
    const example: TokenizedExample = { prompt, completion, source, ...(taught === undefined ? {} : { taught }) };
    for (const layout of [{ tail: "whole", prefix: 0 }, { tail: 1, prefix: 0 }, { tail: 3, prefix: 1 }] as const) {
      const row = layOut(example, layout);
      assert.deepEqual(row.labels, labels);
      assert.deepEqual([...row.prefix, ...row.context, ...row.tail], [...prompt, ...completion.slice(0, -1)]);
      const whole = [...prompt, ...completion], before = row.prefix.length + row.context.length;
      assert.deepEqual(row.places.map((place) => whole[before + place + 1]), labels);
    }
  });
}

Deno.test("layOut() of a prompt alone predicts nothing", () => {
  const { labels, places, tail } = layOut({ prompt, completion: [], source }, { tail: 2, prefix: 0 });
  assert.deepEqual([labels, places, tail], [[], [], [13, 14]]);
});
