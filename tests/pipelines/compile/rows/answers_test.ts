/** Two answers after one prompt in one row, where the second does not attend to the first. */
import assert from "node:assert/strict";
import { scoreProgram } from "../../../../pipelines/compile/programs/inference_programs.ts";
import { answerFeeds, sumsByAnswer } from "../../../../pipelines/compile/rows/answers.ts";
import { exampleFeeds } from "../../../../pipelines/compile/rows/feeds.ts";
import { layOut, rowKey } from "../../../../pipelines/compile/rows/laid_out_rows.ts";
import { cutRows, type Layout, wholeRows } from "../../../../pipelines/compile/rows/layout.ts";
import type { TokenizedExample } from "../../../../pipelines/data/examples.ts";
import { Runtime, type Session } from "../../../../pipelines/runtime/runtime.ts";
import { readFamilyGolden } from "../../models/families/families_golden.ts";
import { openFolder, openProgram, storedTypeOf } from "../../models/support_forward.ts";
import { exampleOf } from "./support.ts";

const rejectedOf = (example: TokenizedExample, rejected: readonly number[]) => ({ ...example, rejected });
const answers = (layout: Layout): Layout => ({ ...layout, answers: 2 });

Deno.test("layOut() puts both answers after the prompt, and predicts the first token of each at the prompt's last token", () => {
  const row = layOut(rejectedOf(exampleOf(5, 3), [40, 41]), answers(cutRows(2, 0)));
  assert.deepEqual([row.context, row.tail], [[10, 11, 12], [13, 14, 110, 111, 40]]);
  assert.deepEqual(row.labels, [110, 111, 112, 40, 41]);
  assert.deepEqual(row.labelIndices, [1, 2, 3, 1, 4]);
  assert.deepEqual(row.branch, { at: 4, after: 2 });
  assert.deepEqual(sumsByAnswer(row, (label) => 10 ** label), [111, 11000]);
});

Deno.test("layOut() includes the last tokens of answers that a head scores", () => {
  const row = layOut({ ...rejectedOf(exampleOf(4, 2), [40]), isScored: true }, answers(cutRows(1, 0)));
  assert.deepEqual([row.tail, row.labelIndices, row.branch], [[13, 110, 111, 40], [2, 3], { at: 3, after: 1 }]);
});

Deno.test("rowKey() distinguishes rows whose answers end at different tokens", () => {
  const layout = answers(cutRows(1, 0)), example = exampleOf(4, 1);
  const keys = [[[1, 2], [3, 4, 9]], [[1, 2, 3], [4, 9]]].map(([completion, rejected]) => {
    return JSON.stringify(rowKey(layOut({ ...example, completion: completion!, rejected: rejected! }, layout)));
  });
  assert.notEqual(keys[0], keys[1]);
});

Deno.test("answerFeeds() mark the labels of each row's answers", () => {
  const layout = answers(cutRows(1, 0));
  const rows = [[2, [40]], [1, [41, 42, 43]]].map(([count, rejected]) => {
    return layOut(rejectedOf(exampleOf(4, count as number), rejected as number[]), layout);
  });
  const feeds = answerFeeds(rows, [[-1, -2], [-3, -4]]);
  assert.deepEqual([...feeds["answers.chosen"]!.data], [1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0]);
  assert.deepEqual([...feeds["answers.rejected"]!.data], [0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1]);
  assert.deepEqual([...feeds["reference.rejected"]!.data], [-2, -4]);
  assert.deepEqual(Object.keys(answerFeeds(rows, undefined)), ["answers.chosen", "answers.rejected"]);
});

const examples: readonly TokenizedExample[] = [
  rejectedOf({ ...exampleOf(9, 0), completion: [4, 8, 15, 16, 23] }, [42, 3, 1]),
  rejectedOf({ ...exampleOf(6, 0), completion: [7] }, [9, 9, 2, 2, 5, 6]),
];

/** Families with every kind of positions: rotary, learned, as a bias of attention scores, within windows. */
const families = [
  "llama",
  "gptj",
  "gpt2",
  "opt",
  "bloom",
  "falcon-alibi",
  "gpt-neo",
  "mistral",
  "gemma3-text",
  "smollm3",
];

for (const name of families) {
  const golden = await readFamilyGolden(name), model = await openFolder(golden.folder), { architecture } = model;
  Deno.test(`both answers have the log-likelihoods of separate rows: ${name}`, async () => {
    using runtime = new Runtime({ threads: 1 });
    const compiled = {
      architecture,
      storedType: (name: string) => storedTypeOf(model, name),
      members: [[]],
      full: false,
    };
    const layouts = {
      apart: wholeRows(architecture, []),
      joined: answers(wholeRows(architecture, [])),
      cut: answers(cutRows(2, 0)),
    };
    const open = (layout: Layout) => openProgram(runtime, model, scoreProgram(compiled, layout));
    const scores = async (session: Session, of: readonly TokenizedExample[], layout: Layout) => {
      const rows = of.map((example) => layOut(example, layout));
      const { outputs: { losses } } = await session.run(exampleFeeds(rows, layout, architecture, []));
      return [...losses!.data as Float32Array];
    };
    const apart = await open(layouts.apart), expected: number[] = [];
    for (const { rejected, ...example } of examples) {
      for (const completion of [example.completion, rejected!]) {
        expected.push(...await scores(apart, [{ ...example, completion }], layouts.apart));
      }
    }
    for (const layout of [layouts.joined, layouts.cut]) {
      const found = await scores(await open(layout), examples, layout);
      assert.equal(found.length, expected.length);
      found.forEach((loss, at) => assert.ok(Math.abs(loss - expected[at]!) < 2e-5, `${loss} is not ${expected[at]}`));
    }
  });
}
