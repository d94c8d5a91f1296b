/**
 * How fast answers are written: `deno run -A tests/bench/serving.ts [threads]`, on a machine that does nothing else. Each
 * row of the table is measured in turns with what it is compared with, and the best of the turns counts.
 *
 * @module
 */
import { Engine } from "../../pipelines/decoding/engine.ts";
import type { Generator } from "../../pipelines/decoding/continuation.ts";
import { argmax } from "../../pipelines/decoding/logits.ts";
import type { TokenizedPrompt } from "../../pipelines/data/examples.ts";
import type { Adaptation } from "../../pipelines/compile/lower/adaptation.ts";
import { lowerAdaptations } from "../../pipelines/compile/lower/lower_adaptations.ts";
import { drawTensors } from "../../pipelines/compile/parameters/initial.ts";
import { editedModel } from "../../pipelines/models/open/model.ts";
import { RunContext } from "../../pipelines/schedule/context/run_context.ts";
import { openGenerator } from "../../pipelines/schedule/evaluate/generator.ts";
import { sharedFolder, smollm2Folder } from "../support/shared.ts";

const threads = Number(Deno.args[0] ?? 2), turns = 5;
const shared = sharedFolder();
if (shared === undefined) throw new Error("this needs ../shared");
const source = await smollm2Folder(shared), store = await Deno.makeTempDir();
await using runContext = new RunContext({ base: ".", store, provider: "cpu", threads, emit: () => {} });
const model = await runContext.models.model(source);

const at = { blocks: 15, site: "block.output" } as const;
const edit = { kind: "loreft", at, positions: "l1", rank: 4, tied: false } as const;

/** A generator of the base in some bits, with an edit at the last token drawn from a seed, or without one. */
async function generatorOf(quantize: "q4" | "q8" | undefined, rows: number, seed?: number): Promise<Generator> {
  const weights = await runContext.models.weights(model, quantize);
  const adaptations: readonly Adaptation[] = seed === undefined ? [] : lowerAdaptations([edit], editedModel(model));
  const compiled = {
    architecture: model.architecture,
    storedType: weights.storedType,
    members: [adaptations],
    full: false,
  };
  const tensors = await drawTensors(adaptations, seed ?? 0);
  return await openGenerator(runContext, { model, weights, compiled, adaptations, tensors }, rows);
}

/** Prompts of so many tokens, no two alike. */
function promptsOf(count: number, length: number): TokenizedPrompt[] {
  return Array.from({ length: count }, (_, row) => ({
    prompt: Array.from({ length }, (_, at) => 100 + (at * 37 + row * 101) % 40_000),
    source: { text: "", spans: {}, fields: {} },
  }));
}

/** Seconds until the first token of all prompts, and tokens a second from then on. */
async function write(generators: readonly Generator[], prompts: readonly TokenizedPrompt[], tokens: number) {
  const engine = new Engine({ rows: Infinity, leastFree: 1, promptTokens: Infinity, keyValueBytes: Infinity });
  const start = performance.now();
  let first = 0, begun = 0;
  await Promise.all(prompts.map((prompt, row) => {
    let written = 0, last = -1;
    const writer = {
      room: tokens,
      rows: 1,
      get isDone() {
        return written >= tokens;
      },
      advance(logits: (row: number) => Float32Array) {
        last = argmax(logits(0));
        if (++written === 1 && ++begun === prompts.length) first = performance.now() - start;
        return [{ from: 0, token: last }];
      },
    };
    return engine.write({ generator: generators[row % generators.length]!, prompt, writer });
  }));
  const seconds = (performance.now() - start - first) / 1000;
  return { first: first / 1000, rate: prompts.length * (tokens - 1) / seconds };
}

/** Bytes a second of a plain read by one thread. */
function readRate(): number {
  const bytes = new Uint8Array(2 ** 29);
  bytes.fill(1);
  const start = performance.now();
  for (let turn = 0; turn < 4; turn++) if (bytes.indexOf(2) !== -1) throw new Error("a byte has changed");
  return 4 * bytes.length / ((performance.now() - start) / 1000);
}

const parts = { f32: undefined, q8: "q8", q4: "q4" } as const, rates = new Map<string, number>();
const keep = (name: string, rate: number) => rates.set(name, Math.max(rate, rates.get(name) ?? 0));
for (const rows of [1, 8]) {
  for (let turn = 0; turn < turns; turn++) {
    for (const [name, quantize] of Object.entries(parts)) {
      const generator = await generatorOf(quantize, rows);
      keep(`${name}, ${rows} rows`, (await write([generator], promptsOf(rows, 100), 64)).rate);
    }
  }
}
const base = await generatorOf(undefined, 32), one = await generatorOf(undefined, 32, 1);
const many = await Promise.all(Array.from({ length: 16 }, (_, seed) => generatorOf(undefined, 32, seed + 1)));
for (let turn = 0; turn < turns; turn++) {
  for (const [name, generators] of [["the base", [base]], ["one edit", [one]], ["16 edits", many]] as const) {
    keep(`f32, 32 rows, ${name}`, (await write(generators, promptsOf(32, 200), 48)).rate);
  }
  keep("1/s to the first token of 100", 1 / (await write([base], promptsOf(1, 100), 2)).first);
  keep("GB/s of a plain read by one thread", readRate() / 1e9);
}
for (const [name, rate] of rates) {
  console.log(`${name.padEnd(38)} ${rate.toFixed(1)} tokens/s`.replace(/(GB\/s|1\/s)(.*) tokens\/s/, "$1$2"));
}
const weightBytes = 4 *
  [...model.architecture.weights.values()].reduce((sum, shape) => sum + shape.reduce((a, b) => a * b), 0);
console.log(`f32, one row, reads ${(weightBytes * rates.get("f32, 1 rows")! / 1e9).toFixed(1)} GB of weights a second`);
await Deno.remove(store, { recursive: true });
