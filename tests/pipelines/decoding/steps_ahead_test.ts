/** Steps that are started before their tokens are chosen change no text, whatever becomes of their rows. @module */
import assert from "node:assert/strict";
import { join } from "node:path";
import { tokenizePrompt } from "../../../pipelines/data/examples.ts";
import type { Generator, Step } from "../../../pipelines/decoding/continuation.ts";
import type { Logits } from "../../../pipelines/decoding/row_logits.ts";
import { Engine } from "../../../pipelines/decoding/engine.ts";
import type { Writer } from "../../../pipelines/decoding/writer.ts";
import { RunContext } from "../../../pipelines/schedule/context/run_context.ts";
import { openGenerator } from "../../../pipelines/schedule/evaluate/generator.ts";
import { noting } from "../../support/noting.ts";
import { writeTinyModel } from "../../support/tiny_model.ts";
import { inFolder } from "../models/support.ts";

/** Writes the likeliest tokens, or others that a function chooses in their place. */
class Likeliest implements Writer {
  readonly rows = 1;
  readonly written: number[] = [];
  readonly room: number;
  readonly isForeseen: boolean;
  readonly #onToken: (count: number, likeliest: number) => number;

  constructor(
    room: number,
    isForeseen: boolean,
    onToken: (count: number, likeliest: number) => number = (_, token) => token,
  ) {
    this.room = room;
    this.isForeseen = isForeseen;
    this.#onToken = onToken;
  }

  get isDone(): boolean {
    return this.written.length >= this.room;
  }

  advance(logits: Logits): readonly Step[] {
    const token = this.#onToken(this.written.length, logits.likeliest(0));
    this.written.push(token);
    return [{ from: 0, token }];
  }
}

/** Calls a test with a model, and a function that gives prompts for it. */
function withModel(
  test: (generator: Generator, promptOf: (row: number) => ReturnType<typeof tokenizePrompt>) => Promise<void>,
): Promise<void> {
  return inFolder(async (folder) => {
    const source = join(folder, "model"), store = join(folder, "store");
    await writeTinyModel(source, { config: {} });
    await using runContext = new RunContext({
      ...{ base: folder, store, provider: "cpu", threads: 1 },
      emit: noting(console.log),
    });
    const model = await runContext.models.model(source), weights = await runContext.models.weights(model);
    const { architecture } = model, { storedType } = weights;
    const compiled = { architecture, storedType, members: [[]], full: false };
    const generator = await openGenerator(runContext, { model, weights, compiled, adaptations: [], tensors: {} });
    const ids = model.tokenizer.encode("the cat and a dog saw so many birds ".repeat(4));
    const read = tokenizePrompt({ text: "the cat", spans: {}, fields: {} }, model.tokenizer);
    await test(generator, (row) => ({ ...read, prompt: ids.slice(row, row + 6 + row) }));
  });
}

const limits = { rows: Infinity, leastFree: 1, promptTokens: Infinity, keyValueBytes: Infinity };

Deno.test("rows that end or begin while a step is under way leave the others' texts as they are", () =>
  withModel(async (generator, promptOf) => {
    const rooms = [24, 5, 17, 9, 12], begins = [0, 0, 0, 4, 11];
    const written = async (isForeseen: boolean, together: boolean) => {
      const engine = new Engine(limits), done: Promise<number>[] = [], writers: Likeliest[] = [];
      const begin = (row: number, onToken?: (count: number, token: number) => number) => {
        const writer = writers[row] = new Likeliest(rooms[row]!, isForeseen, onToken);
        return engine.write({ generator, prompt: promptOf(row), writer });
      };
      if (!together) {
        for (const row of rooms.keys()) await begin(row);
        return writers.map((each) => each.written);
      }
      done.push(begin(0, (count, token) => {
        for (const row of begins.keys()) if (row > 2 && begins[row] === count) done.push(begin(row));
        return token;
      }));
      for (const row of [1, 2]) done.push(begin(row));
      while (done.length > 0) await done.shift();
      return writers.map((each) => each.written);
    };
    const alone = await written(false, false);
    assert.deepEqual(await written(true, false), alone);
    assert.deepEqual(await written(true, true), alone);
  }));

Deno.test("a token that was not foreseen is run itself", () =>
  withModel(async (generator, promptOf) => {
    const written = async (isForeseen: boolean) => {
      const writer = new Likeliest(20, isForeseen, (count, token) => count % 3 === 2 ? (token + 1) % 8 : token);
      await new Engine(limits).write({ generator, prompt: promptOf(1), writer });
      return writer.written;
    };
    assert.deepEqual(await written(true), await written(false));
  }));
