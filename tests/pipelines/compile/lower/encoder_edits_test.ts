import assert from "node:assert/strict";
import { elementCount } from "../../../../ops/program/dimension.ts";
import { activationsProgram, hiddenStateName } from "../../../../pipelines/compile/programs/activations_program.ts";
import { savedForm } from "../../../../pipelines/compile/lower/tensor_forms.ts";
import { editHook } from "../../../../pipelines/compile/lower/edit_hook.ts";
import { lowerAdaptations } from "../../../../pipelines/compile/lower/lower_adaptations.ts";
import { exampleFeeds } from "../../../../pipelines/compile/rows/feeds.ts";
import { layOut } from "../../../../pipelines/compile/rows/laid_out_rows.ts";
import { layoutOf, wholeRows } from "../../../../pipelines/compile/rows/layout.ts";
import { type HostTensor, Runtime } from "../../../../pipelines/runtime/runtime.ts";
import { readFamilyGolden } from "../../models/families/families_golden.ts";
import { largestDifference, openFolder, openProgram, weightsOf } from "../../models/support_forward.ts";

const long = [5, 9, 31, 7, 12, 40, 3, 8], short = [11, 6, 22];
const exampleOf = (prompt: readonly number[]) => ({
  prompt,
  completion: [4],
  source: { text: "", fields: {}, spans: {} },
});

/** The hidden state of one token. */
function tokenOf({ data, shape }: HostTensor, row: number, at: number): Float32Array {
  const [, length, width] = shape as readonly [number, number, number], start = (row * length + at) * width;
  return (data as Float32Array).subarray(start, start + width);
}

/** Runs rows through a case's model with a LoReFT of its first block's output at the first token, and without. */
async function runs(name: string) {
  const model = await openFolder((await readFamilyGolden(name)).folder), { architecture } = model;
  const at = { blocks: 0, site: "block.output" } as const;
  const pieces = lowerAdaptations([{ kind: "loreft", at, positions: "f1", rank: 2, tied: false }], architecture);
  const parameters = Object.fromEntries(
    Object.entries(pieces[0]!.tensors).map(([tensor, { shape }]) => {
      const data = Float32Array.from({ length: Number(elementCount(shape)) }, (_, at) => Math.sin(3 * at + 1));
      return [`0.${tensor}`, { data, shape: shape as readonly number[] }];
    }),
  );
  const plainRows = wholeRows(architecture, []), weights = weightsOf(model);
  const given = { architecture, layout: plainRows, weights, sites: [], hiddenStates: true, logits: false };
  const runtime = new Runtime({ threads: 1 });
  const edited = await openProgram(
    runtime,
    model,
    activationsProgram({ ...given, edit: (atTokens) => editHook(pieces, savedForm, atTokens) }),
  );
  const plain = await openProgram(runtime, model, activationsProgram(given));
  return {
    [Symbol.dispose]: () => runtime[Symbol.dispose](),
    async states(prompts: readonly (readonly number[])[]) {
      const examples = prompts.map(exampleOf), layout = layoutOf(architecture, pieces, examples);
      assert.deepEqual(layout, wholeRows(architecture, pieces));
      const rows = examples.map((example) => layOut(example, layout));
      const feeds = { ...exampleFeeds(rows, layout, architecture, pieces), ...parameters };
      const of = (outputs: Readonly<Record<string, HostTensor>>) => (state: number) => outputs[hiddenStateName(state)]!;
      return { edited: of((await edited.run(feeds)).outputs), plain: of((await plain.run(feeds)).outputs) };
    },
  };
}

/** How far block 1 attends to either side: three tokens in ModernBERT. */
const cases = { bert: Infinity, roberta: Infinity, distilbert: Infinity, modernbert: 3, "deberta-v2": Infinity };

for (const [name, reach] of Object.entries(cases)) {
  Deno.test(`an edit of an encoder acts at its position and reaches both sides above it: ${name}`, async () => {
    using model = await runs(name);
    const { edited, plain } = await model.states([long, short]);
    [long, short].forEach((prompt, row) =>
      prompt.forEach((_, at) => {
        const changes = [1, 2].map((state) =>
          largestDifference(tokenOf(edited(state), row, at), tokenOf(plain(state), row, at))
        );
        if (at === 0) assert.ok(changes[0]! > 1e-2, `Token ${at} is unchanged`);
        else assert.equal(changes[0], 0, `Token ${at} is changed where it is not edited`);
        if (at <= reach) assert.ok(changes[1]! > 1e-5, `Token ${at} does not see the edit`);
        else assert.equal(changes[1], 0, `Token ${at} sees the edit from too far`);
      })
    );
  });

  Deno.test(`padding does not change an edited encoder's states: ${name}`, async () => {
    using model = await runs(name);
    const alone = await model.states([short]), padded = await model.states([long, short]);
    for (const state of [0, 1, 2]) {
      short.forEach((_, at) => {
        const difference = largestDifference(tokenOf(padded.edited(state), 1, at), tokenOf(alone.edited(state), 0, at));
        assert.ok(difference < 1e-5, `Token ${at} of state ${state} differs by ${difference}`);
      });
    }
  });
}
