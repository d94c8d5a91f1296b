/**
 * Exported models have Refract's own logits, for every kind of adaptation and any padding, in one run or in parts.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { emitOnnx } from "../../../../ops/emission/emit.ts";
import type { Adaptation } from "../../../../pipelines/compile/lower/adaptation.ts";
import { masksOf } from "../../../../pipelines/compile/lower/edit_masks.ts";
import { lowerAdaptations } from "../../../../pipelines/compile/lower/lower_adaptations.ts";
import { exampleFeeds } from "../../../../pipelines/compile/rows/feeds.ts";
import { groupExtents, layOut } from "../../../../pipelines/compile/rows/laid_out_rows.ts";
import { indexFeeds } from "../../../../pipelines/compile/rows/labels.ts";
import { copyTensors, drawTensors, type TensorMap } from "../../../../pipelines/compile/parameters/initial.ts";
import { wholeRows } from "../../../../pipelines/compile/rows/layout.ts";
import { prefillProgram } from "../../../../pipelines/compile/programs/inference_programs.ts";
import { createRandom } from "../../../../pipelines/data/random.ts";
import { locateTensors, writeTensorData } from "../../../../pipelines/interchange/onnx/data.ts";
import { onnxFiles, writeOnnxFiles } from "../../../../pipelines/interchange/onnx/files.ts";
import { editedModel, locateModelWeights, type Model, openModel } from "../../../../pipelines/models/open/model.ts";
import { Runtime } from "../../../../pipelines/runtime/runtime.ts";
import { checkedAdaptation } from "../../../../pipelines/schedule/validate/adaptation_checks.ts";
import { assertOneLine, inFolder } from "../../models/support.ts";
import { largestDifference } from "../../models/support_forward.ts";
import { writeTinyModel } from "../../../support/tiny_model.ts";
import { openExported } from "./support.ts";

const at = (blocks: readonly number[], site = "block.output") => ({ blocks, site });
const outside = (site: string) => ({ site });

const cases: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>> = {
  "nothing": [],
  "loreft at f1+l1 of two blocks": [{ kind: "loreft", at: at([0, 1]), positions: "f1+l1", rank: 2 }],
  "loreft at f3+l4, tied": [{ kind: "loreft", at: at([1]), positions: "f3+l4", rank: 2, tied: true }],
  "loreft at f4+l1": [{ kind: "loreft", at: at([0]), positions: "f4+l1", rank: 1 }],
  "direft and red one after the other": [
    { kind: "direft", at: at([0]), positions: "l3", rank: 2 },
    { kind: "red", at: at([0]), positions: "f2" },
  ],
  "noreft at all of a prompt, and after it": [
    { kind: "noreft", at: at([0], "mlp.output"), positions: "all", rank: 2 },
    { kind: "noreft", at: at([1]), positions: "completion", rank: 2 },
  ],
  "loreft of one head": [
    { kind: "loreft", at: { ...at([1], "attention.head.output"), head: 1 }, positions: "f1+l1", rank: 2 },
  ],
  "loreft outside the blocks": [
    { kind: "loreft", at: outside("embedding.output"), positions: "f1", rank: 2 },
    { kind: "loreft", at: outside("finalNorm.output"), positions: "l2", rank: 2 },
  ],
  "loreft of some of its rank's rows": [
    { kind: "loreft", at: at([0]), positions: "f1+l2", rank: 3, subspace: "rows" },
  ],
  "lora alone": [{ kind: "lora", blocks: "all", modules: ["q_proj", "v_proj"], rank: 2, alpha: 4 }],
  "lora and ia3 on the prompt alone": [
    { kind: "lora", blocks: "all", modules: ["q_proj", "v_proj"], rank: 2, alpha: 4, positions: "prompt" },
    { kind: "ia3", blocks: [0], modules: ["down_proj"], positions: "prompt" },
  ],
  "dora with a loreft": [
    { kind: "dora", blocks: [1], modules: ["down_proj"], rank: 2, alpha: 4 },
    { kind: "loreft", at: at([1]), positions: "l1", rank: 2 },
  ],
  "a prefix with a loreft": [
    { kind: "prefixTuning", tokens: 3 },
    { kind: "loreft", at: at([0]), positions: "f1+l1", rank: 2 },
  ],
};

/** Prompts too short for all edited positions, and longer ones, with completions. */
const rows = [[1, 3], [2, 2], [5, 4], [9, 1]].map(([prompt = 0, completion = 0], row) => {
  const draw = (count: number, part: string) =>
    Array.from({ length: count }, (_, at) => 3 + Math.floor(createRandom(row, part, at).uniform() * 500));
  return { prompt: draw(prompt, "prompt"), completion: draw(completion, "completion") };
});
const fields = { rows: [0, 2] }, source = { text: "", spans: {}, fields };

/** Tensors with large values, including those that are initialized with zeros. */
async function drawnTensors(adaptations: readonly Adaptation[]): Promise<TensorMap> {
  const drawn = await drawTensors(adaptations, 5);
  for (const { index, tensors } of adaptations) {
    for (const [name, { start }] of Object.entries(tensors)) {
      const { data } = drawn[`${index}.${name}`]!, random = createRandom(index, name);
      if (start !== "orthogonal") data.forEach((_, place) => data[place] = 0.5 * random.normal());
    }
  }
  return drawn;
}

/** Refract's logits of every token of each row. */
async function ownLogits(
  { architecture }: Model,
  weights: Awaited<ReturnType<typeof locateModelWeights>>,
  adaptations: readonly Adaptation[],
  tensors: TensorMap,
): Promise<Float32Array[][]> {
  const compiled = { architecture, storedType: weights.storedType, members: [adaptations], full: false };
  const layout = wholeRows(architecture, adaptations), program = prefillProgram(compiled, layout);
  // The last token of a completion is only predicted; with one more all of its own are read.
  const laidOut = rows.map(({ prompt, completion }) => {
    return layOut({ prompt, completion: [...completion, 0], source }, layout);
  });
  using runtime = new Runtime({ threads: 1 });
  const session = await runtime.open(emitOnnx(program, "cpu", weights.locate));
  const { outputs } = await session.run({
    ...exampleFeeds(laidOut, layout, architecture, adaptations),
    ...copyTensors(tensors),
    ...indexFeeds(laidOut.map(({ tail }) => [...tail.keys()]), groupExtents(laidOut).tail),
  });
  const { data, shape: [, width = 0] } = outputs["logits"]!;
  let next = 0;
  return laidOut.map(({ tail }) => tail.map(() => (data as Float32Array).subarray(next * width, ++next * width)));
}

/** The logits of the model without adaptations, which is the same in every case. */
let plainLogits: ReturnType<typeof ownLogits> | undefined;

for (const [name, declared] of Object.entries(cases)) {
  Deno.test(`an exported model has Refract's logits: ${name}`, () =>
    inFolder(async (folder) => {
      await writeTinyModel(folder, { config: { sliding_window: 6, use_sliding_window: true, model_type: "mistral" } });
      const model = await openModel(folder, { base: "/" }), { architecture } = model;
      const weights = await locateModelWeights(model);
      const adaptations = lowerAdaptations(
        declared.map((piece) => checkedAdaptation("at" in piece ? { tied: false, ...piece } : piece)),
        editedModel(model),
      );
      const tensors = await drawnTensors(adaptations);
      const expected = await ownLogits(model, weights, adaptations, tensors);
      if (adaptations.length > 0) {
        const plain = (await (plainLogits ??= ownLogits(model, weights, [], {}))).flat();
        const differences = expected.flat().map((tuned, token) => largestDifference(plain[token]!, tuned));
        assert.ok(Math.max(...differences) > 0.1, "the adaptations change nothing");
      }
      await writeOnnxFiles(folder, folder, {
        ...{ architecture, weights, adaptations, tensors },
        example: { fields },
        about: {},
      });
      const session = await openExported(folder);
      const asksLength = session.inputNames.includes("prompt_length");
      assert.equal(asksLength, masksOf(adaptations).length > 0);
      const promptLengths = rows.map(({ prompt }) => prompt.length);
      const whole = rows.map(({ prompt, completion }) => [...prompt, ...completion]);
      const longest = Math.max(...whole.map((row) => row.length));
      const compare = (logits: readonly Float32Array[], row: number, from: number) =>
        logits.forEach((own, token) => {
          const difference = largestDifference(own, expected[row]![from + token]!);
          assert.ok(difference <= 1e-4, `row ${row}, token ${from + token} differ by ${difference}`);
        });

      const pad = (row: readonly number[], width: number) => new Array<number>(width - row.length).fill(0);
      const ones = whole.map((row) => row.map(() => 1));
      const right = (each: readonly (readonly number[])[], width = longest) =>
        each.map((row) => [...row, ...pad(row, width)]);
      const left = (each: readonly (readonly number[])[]) => each.map((row) => [...pad(row, longest), ...row]);
      const onRight = await session.read({ tokens: right(whole), mask: right(ones), promptLengths });
      whole.forEach((row, at) => compare(onRight.logits[at]!.slice(0, row.length), at, 0));
      const onLeft = await session.read({ tokens: left(whole), mask: left(ones), promptLengths });
      whole.forEach((row, at) => compare(onLeft.logits[at]!.slice(longest - row.length), at, 0));

      // The prompts padded on the right, then the completions token by token, with the padding in between.
      const prompts = rows.map(({ prompt }) => prompt), width = Math.max(...promptLengths);
      let mask = right(prompts.map((prompt) => prompt.map(() => 1)), width);
      let { logits, past } = await session.read({ tokens: right(prompts, width), mask, promptLengths });
      prompts.forEach((prompt, at) => compare(logits[at]!.slice(0, prompt.length), at, 0));
      for (let step = 0; step < longest - width + 3; step++) {
        const isWritten = rows.map(({ completion }) => step < completion.length);
        const tokens = rows.map(({ completion }) => [completion[step] ?? 0]);
        mask = mask.map((row, at) => [...row, isWritten[at] ? 1 : 0]);
        ({ logits, past } = await session.read({ tokens, mask, promptLengths }, past));
        isWritten.forEach((written, at) => written && compare(logits[at]!, at, promptLengths[at]! + step));
      }
      await session.close();
    }));
}

Deno.test("an exported model's weights may be stored in 16 bits", () =>
  inFolder(async (folder) => {
    await writeTinyModel(folder);
    const model = await openModel(folder, { base: "/" }), { architecture } = model;
    const weights = await locateModelWeights(model), [expected] = await ownLogits(model, weights, [], {});
    const tokens = [[...rows[0]!.prompt, ...rows[0]!.completion]];
    const differences: number[] = [];
    for (const dtype of [undefined, "float16"] as const) {
      const nothing = { adaptations: [], tensors: {}, example: { fields }, about: {} };
      if (dtype !== undefined) await Deno.remove(join(folder, onnxFiles.data));
      await writeOnnxFiles(folder, folder, { architecture, weights, dtype, ...nothing });
      const session = await openExported(folder);
      const { logits: [own] } = await session.read({ tokens, mask: [tokens[0]!.map(() => 1)] });
      differences.push(Math.max(...own!.map((each, token) => largestDifference(each, expected![token]!))));
      await session.close();
    }
    const [whole = NaN, halves = NaN] = differences;
    assert.ok(whole < 1e-5 && halves > 1e-4 && halves < 0.05, `${whole} and ${halves}`);
  }));

Deno.test("a number that float16 cannot hold is refused", () =>
  inFolder(async (folder) => {
    const write = async (number: number) => {
      const tensors = [{
        name: "w",
        dtype: "float16" as const,
        shape: [3],
        source: Float32Array.of(1, number, Infinity),
      }];
      const path = join(folder, `data ${number}`), locations = locateTensors("data", tensors);
      await writeTensorData(path, "data", tensors, locations);
      return [...new Float16Array((await Deno.readFile(path)).buffer)];
    };
    assert.deepEqual(await write(65504), [1, 65504, Infinity]);
    await assert.rejects(
      write(1e5),
      (error) => assertOneLine(error, /the tensor w holds 100000, too large for float16/),
    );
  }));
