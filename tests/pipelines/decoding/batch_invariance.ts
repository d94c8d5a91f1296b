/**
 * Tests that decoding is invariant to the batch: a row's logits have the same bits whatever other rows are decoded with
 * it.
 *
 * @module
 */
import assert from "node:assert/strict";
import { argmax } from "../../../pipelines/common/argmax.ts";
import { createRandom } from "../../../pipelines/data/random.ts";
import { engineOf, EngineShare } from "../../../pipelines/decoding/engine_share.ts";
import { generateRows } from "../../../pipelines/decoding/generate.ts";
import type { Tokenizer } from "../../../pipelines/models/tokenization/tokenizer.ts";
import { openReadModel } from "../../../pipelines/models/open/model.ts";
import { RunContext } from "../../../pipelines/schedule/context/run_context.ts";
import { openGenerator } from "../../../pipelines/schedule/evaluate/generator.ts";
import type { BitsName } from "../../../pipelines/models/weights/quantization.ts";
import { noting } from "../../support/noting.ts";
import { familyCases, readFamilyGolden } from "../models/families/families_golden.ts";
import { inFolder } from "../models/support.ts";

/** The prompts' lengths in tokens, and how many tokens follow each: rows end one after another. */
const rows = [[3, 36], [17, 12], [9, 30], [5, 1], [14, 22]] as const;

const ending = -1;

/** The small models that generate text, by family. */
export const writers: readonly string[] = await Array.fromAsync(familyCases, async (name) => {
  const { architecture: { head, causal, contextLength = Infinity } } = await open(name);
  return head === "language" && causal && contextLength >= 64 ? [name] : [];
}).then((found) => found.flat());

async function open(name: string) {
  return await openReadModel((await readFamilyGolden(name)).folder, { base: "." });
}

/** Defines a test that a row's logits have the same bits alone and in any batch. */
export function testInvariance(name: string, quantize?: BitsName): void {
  Deno.test(`a row's logits have the same bits alone and in any batch: ${name}, ${quantize ?? "as stored"}`, () =>
    inFolder(async (store) => {
      const emit = noting(console.log), model = await open(name), { architecture } = model;
      await using runContext = new RunContext({ base: ".", store, provider: "cpu", threads: 1, emit });
      // The cases have no tokenizer, and only this is asked of one.
      const tokenizer = { eosTokenIds: [] as readonly number[] } as Tokenizer, read = { ...model, tokenizer };
      const weights = await runContext.models.weights(read, quantize), { storedType } = weights;
      const compiled = { architecture, storedType, members: [[]], full: false };
      const generator = await openGenerator(runContext, {
        ...{ model: read, weights, compiled, adaptations: [], tensors: {} },
      });
      const random = createRandom(1, "prompts", 0), { vocabularySize } = architecture;
      const prompts = rows.map(([length]) => ({
        prompt: Array.from({ length }, () => random.integer(vocabularySize)),
        source: { text: "", spans: {}, fields: {} },
      }));
      /** The bits of all logits of some rows. */
      const bitsOf = async (some: readonly number[], most: number) => {
        const bits = some.map((): string[] => []), share = new EngineShare(engineOf(most), { together: 1 });
        const choose = (logits: Float32Array, at: number) => {
          bits[at]!.push(new Uint32Array(logits.slice().buffer).join());
          return bits[at]!.length > rows[some[at]!]![1] ? ending : argmax(logits);
        };
        const writes = some.map((row) => prompts[row]!);
        await generateRows({ ...generator, endTokens: new Set([ending]) }, writes, { maxNewTokens: 40, choose }, share);
        return bits;
      };
      const all = [...rows.keys()], alone: string[][] = [];
      for (const row of all) alone.push(...await bitsOf([row], 1));
      for (const most of [2, 3, all.length]) {
        const found = await bitsOf(all, most);
        const changed = all.filter((row) => found[row]!.some((bits, step) => bits !== alone[row]![step]));
        assert.deepEqual(changed, [], `rows that have other bits among ${most}`);
      }
    }));
}
