/** The continuation of a prompt does not depend on its batch, the token limit or the available memory. @module */
import assert from "node:assert/strict";
import { join } from "node:path";
import { tokenizePrompt } from "../../../../pipelines/data/examples.ts";
import { sampleBeams, searchBeams } from "../../../../pipelines/decoding/beam.ts";
import { type Generator, roomOf } from "../../../../pipelines/decoding/continuation.ts";
import { generateRows } from "../../../../pipelines/decoding/generate.ts";
import { chooserOf } from "../../../../pipelines/decoding/writing.ts";
import { RunContext } from "../../../../pipelines/schedule/context/run_context.ts";
import { openGenerator } from "../../../../pipelines/schedule/evaluate/generator.ts";
import { tinyT5Config } from "../../../support/tiny_t5.ts";
import { writeTinyModel } from "../../../support/tiny_model.ts";
import { inFolder } from "../../../pipelines/models/support.ts";
import { noting } from "../../../support/noting.ts";

const contextLength = 96;

const models = {
  "rotary positions": { max_position_embeddings: contextLength },
  "learned positions": {
    model_type: "gpt2",
    n_embd: 16,
    n_layer: 2,
    n_head: 2,
    n_positions: contextLength,
    tie_word_embeddings: true,
  },
  "an encoder": tinyT5Config,
};

type Prompts = readonly ReturnType<typeof tokenizePrompt>[];

/** The lengths of prompts, some of which end near the context's end and one at it. */
const lengths = [5, contextLength - 7, 20, contextLength, contextLength - 1, 3];

type Write = (generator: Generator, prompts: Prompts, rows: readonly number[], maxNewTokens: number) => Promise<
  readonly (readonly number[])[]
>;

const beamSettings = { kind: "beam", beams: 3, lengthPenalty: 1 } as const;

const ways: Readonly<Record<string, Write>> = {
  "greedily": (generator, prompts, rows, maxNewTokens) =>
    generateRows(generator, prompts, { maxNewTokens, choose: chooserOf({ kind: "greedy", maxNewTokens }, rows) }),
  "with a repetition penalty": (generator, prompts, rows, maxNewTokens) => {
    const choose = chooserOf({ kind: "greedy", maxNewTokens, repetitionPenalty: 1.3 }, rows);
    return generateRows(generator, prompts, { maxNewTokens, choose });
  },
  "by sampling": (generator, prompts, rows, maxNewTokens) => {
    const writing = { kind: "sample", maxNewTokens, temperature: 1, topK: 0, topP: 1, seed: 1 } as const;
    return generateRows(generator, prompts, { maxNewTokens, choose: chooserOf(writing, rows) });
  },
  "by beam search": (generator, prompts, _, maxNewTokens) =>
    searchBeams(generator, prompts, { ...beamSettings, maxNewTokens }),
  "by sampling beams": (generator, prompts, rows, maxNewTokens) => {
    const drawn = { temperature: 1, topK: 4, topP: 1, seed: 1, noRepeatNgramSize: 4 };
    return sampleBeams(generator, prompts, rows, { ...beamSettings, ...drawn, kind: "beamSample", maxNewTokens });
  },
};

async function withGenerator(
  config: Readonly<Record<string, unknown>>,
  test: (generator: Generator, prompts: Prompts) => Promise<void>,
): Promise<void> {
  await inFolder(async (folder) => {
    const source = join(folder, "model");
    await writeTinyModel(source, { config });
    const emit = noting(console.log);
    const store = join(folder, "store");
    await using runContext = new RunContext({ base: folder, store, provider: "cpu", threads: 1, emit });
    const model = await runContext.models.model(source), weights = await runContext.models.weights(model);
    const { architecture } = model, { storedType } = weights;
    const compiled = { architecture, storedType, members: [[]], full: false };
    const writer = { model, weights, compiled, adaptations: [], tensors: {} };
    const ids = model.tokenizer.encode("the cat and a dog saw so many birds ".repeat(20));
    const prompts = lengths.map((length, row) => ({
      ...tokenizePrompt({ text: "the cat", spans: {}, fields: {} }, model.tokenizer),
      prompt: ids.slice(row, row + length),
    }));
    await test(await openGenerator(runContext, writer), prompts);
  });
}

for (const [name, config] of Object.entries(models)) {
  for (const [way, write] of Object.entries(ways)) {
    Deno.test(`a prompt is continued ${way} in any batch the same as alone, by a model with ${name}`, () =>
      withGenerator(config, async (generator, prompts) => {
        const rows = [...prompts.keys()], most = 80;
        const alone = await Promise.all(
          rows.map(async (row) => (await write(generator, [prompts[row]!], [row], most))[0]),
        );
        assert.deepEqual(await write(generator, prompts, rows, most), alone);
        assert.deepEqual(await write({ ...generator, mostKeyValueBytes: 1 }, prompts, rows, most), alone);
        if (name === "an encoder") return;
        const rooms = lengths.map((length) => roomOf(generator) - length);
        assert.ok(rows.every((row) => alone[row]!.length <= rooms[row]!));
        assert.ok(rows.some((row) => alone[row]!.length > 40), "a cache grows");
      }));

    Deno.test(`a limit past the context equals one at its end, ${way} by a model with ${name}`, () =>
      withGenerator(config, async (generator, prompts) => {
        if (name === "an encoder") return;
        const rows = [...prompts.keys()];
        const atEnd = await write(generator, prompts, rows, contextLength);
        assert.deepEqual(await write(generator, prompts, rows, 2e8), atEnd);
      }));
  }
}
