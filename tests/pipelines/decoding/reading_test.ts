/** A prompt that is read in chunks after a cached prefix has the same results as one that is read at once. @module */
import assert from "node:assert/strict";
import { join } from "node:path";
import { drawTensors } from "../../../pipelines/compile/parameters/initial.ts";
import { lowerAdaptations } from "../../../pipelines/compile/lower/lower_adaptations.ts";
import { type TokenizedPrompt, tokenizePrompt } from "../../../pipelines/data/examples.ts";
import type { Generator } from "../../../pipelines/decoding/continuation.ts";
import { Engine } from "../../../pipelines/decoding/engine.ts";
import { argmax } from "../../../pipelines/common/argmax.ts";
import { editedModel } from "../../../pipelines/models/open/model.ts";
import { RunContext } from "../../../pipelines/schedule/context/run_context.ts";
import { openGenerator } from "../../../pipelines/schedule/evaluate/generator.ts";
import type { Resolved, TrainableSpec } from "../../../pipelines/spec/mod.ts";
import { noting } from "../../support/noting.ts";
import { writeTinyModel } from "../../support/tiny_model.ts";
import { inFolder } from "../models/support.ts";

const at = { blocks: "all", site: "block.output" } as const;
const learned: Readonly<Record<string, readonly Resolved<TrainableSpec>[]>> = {
  nothing: [],
  "first and last tokens": [{ kind: "loreft", at, positions: "f3+l2", rank: 2, tied: false }],
  "all tokens": [{ kind: "loreft", at, positions: "all+completion", rank: 2, tied: false }],
  "a prefix": [{ kind: "prefixTuning", tokens: 3 }],
};

/** The lengths of prompts, at and next to the borders of chunks and blocks; every third prompt begins alike. */
const lengths = [1, 31, 32, 33, 256, 257, 300, 513, 544];

/** The five tokens that greedy decoding writes after each prompt, and the logits of the first. */
async function write(engine: Engine, generator: Generator, prompts: readonly TokenizedPrompt[]) {
  return await Promise.all(prompts.map(async (prompt) => {
    const tokens: number[] = [];
    let first = new Float32Array(0);
    const writer = {
      room: 5,
      rows: 1,
      get isDone() {
        return tokens.length === 5;
      },
      advance(logits: (row: number) => Float32Array) {
        if (tokens.length === 0) first = logits(0).slice();
        tokens.push(argmax(logits(0)));
        return [{ from: 0, token: tokens.at(-1)! }];
      },
    };
    await engine.write({ generator, prompt, writer });
    return { tokens, first };
  }));
}

for (const [name, specs] of Object.entries(learned)) {
  Deno.test(`prompts of any length have the same results read in chunks as at once, with ${name} learned`, () =>
    inFolder(async (folder) => {
      const source = join(folder, "model"), store = join(folder, "store");
      await writeTinyModel(source, { config: { max_position_embeddings: 640 } });
      const emit = noting(console.log);
      await using runContext = new RunContext({ base: folder, store, provider: "cpu", threads: 1, emit });
      const model = await runContext.models.model(source), weights = await runContext.models.weights(model);
      const adaptations = lowerAdaptations(specs, editedModel(model)), { architecture } = model;
      const compiled = { architecture, storedType: weights.storedType, members: [adaptations], full: false };
      const tensors = await drawTensors(adaptations, 3);
      for (const { data } of Object.values(tensors)) {
        data.forEach((each, place) => data[place] = Number(each) * 3 + 0.3);
      }
      const writing = { model, weights, compiled, adaptations, tensors };
      const generator = await openGenerator(runContext, writing);
      const ids = model.tokenizer.encode("the cat and a dog saw so many birds ".repeat(40));
      const prompts = lengths.map((length, row) => ({
        ...tokenizePrompt({ text: "the cat", spans: {}, fields: {} }, model.tokenizer),
        prompt: ids.slice(row % 3, row % 3 + length),
      }));
      const limits = { rows: 4, leastFree: 1, promptTokens: 700, keyValueBytes: Infinity };
      const whole = await write(new Engine(limits), { ...generator, extend: undefined }, prompts);
      const engine = new Engine({ ...limits, prefixBytes: 2 ** 20 });
      for (const turn of ["read", "kept", "kept"]) {
        const found = await write(engine, generator, prompts);
        found.forEach(({ tokens, first }, row) => {
          assert.deepEqual(tokens, whole[row]!.tokens, `${lengths[row]} tokens, ${turn}`);
          const gaps = first.map((logit, token) => Math.abs(logit - whole[row]!.first[token]!));
          assert.ok(Math.max(...gaps) < 1e-3 * Math.max(...first.map(Math.abs)), `${lengths[row]} tokens, ${turn}`);
        });
        if (turn === "kept") assert.ok(engine.keptTokens > 1000, `${engine.keptTokens} tokens were kept`);
      }
      const small = new Engine({ ...limits, prefixBytes: 2 ** 14 });
      for (const turn of ["read", "kept"]) {
        const found = await write(small, generator, prompts);
        assert.deepEqual(found.map(({ tokens }) => tokens), whole.map(({ tokens }) => tokens), `little room, ${turn}`);
      }
      // As if every session had its own copy of the weights.
      Object.assign(runContext.sessions, { mapsWeights: false });
      const single = await openGenerator(runContext, writing);
      assert.equal(await single.decode(), await single.extend!());
      const found = await write(new Engine(limits), single, prompts);
      assert.deepEqual(found.map(({ tokens }) => tokens), whole.map(({ tokens }) => tokens), "by one program");
    }));
}
