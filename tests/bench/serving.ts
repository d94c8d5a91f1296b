/**
 * How fast answers are written: `deno run -A tests/bench/serving.ts [turns] [threads]`. Each row of the table is measured
 * in turns with what it is compared with, and the best of the turns counts. REFRACT_PEER_PYTHON names a Python that has
 * torch, transformers and numpy; llama.cpp comes from npm.
 *
 * @module
 */
import { programFlops } from "../../ops/passes/cost.ts";
import { evaluateDimension } from "../../ops/program/dimension.ts";
import type { Adaptation } from "../../pipelines/compile/lower/adaptation.ts";
import { lowerAdaptations } from "../../pipelines/compile/lower/lower_adaptations.ts";
import { drawTensors } from "../../pipelines/compile/parameters/initial.ts";
import { extendProgram } from "../../pipelines/compile/programs/inference_programs.ts";
import type { Generator } from "../../pipelines/decoding/continuation.ts";
import { chunkTokens } from "../../pipelines/decoding/reading.ts";
import { editedModel } from "../../pipelines/models/open/model.ts";
import { RunContext } from "../../pipelines/schedule/context/run_context.ts";
import { openGenerator } from "../../pipelines/schedule/evaluate/generator.ts";
import { startServer } from "../support/server.ts";
import { sharedFolder, smollm2Folder, smollm2Gguf } from "../support/shared.ts";
import { numbersInOrder } from "./arguments.ts";
import { measureLimit } from "./limit.ts";
import { llamaCpp, promptOf, readRate, startPeer, type Work } from "./serving_peers.ts";
import { writeWith } from "./serving_write.ts";

const { turns, threads } = numbersInOrder({ turns: 5, threads: 2 });
const shared = sharedFolder();
if (shared === undefined) throw new Error("this needs ../shared");
const source = await smollm2Folder(shared), store = await Deno.makeTempDir();
await using runContext = new RunContext({ base: ".", store, provider: "cpu", threads, emit: () => {} });
const model = await runContext.models.model(source), { architecture } = model;

const at = { blocks: 15, site: "block.output" } as const;
const edit = { kind: "loreft", at, positions: "l1", rank: 4, tied: false } as const;

/** The weights in some bits, and the base model without an edit. */
async function bareModel(quantize: "q4" | "q8" | undefined, adaptations: readonly Adaptation[] = []) {
  const weights = await runContext.models.weights(model, quantize);
  return { weights, compiled: { architecture, storedType: weights.storedType, members: [adaptations], full: false } };
}

/** A generator of the base in some bits, with an edit at the last token drawn from a seed, or without one. */
async function generatorOf(quantize: "q4" | "q8" | undefined, seed?: number): Promise<Generator> {
  const adaptations: readonly Adaptation[] = seed === undefined ? [] : lowerAdaptations([edit], editedModel(model));
  const bare = await bareModel(quantize, adaptations), tensors = await drawTensors(adaptations, seed ?? 0);
  return await openGenerator(runContext, { model, ...bare, adaptations, tensors });
}

/** The best of the turns of several works, which take turns. */
async function inTurns<Name extends string>(
  works: Readonly<Record<Name, () => Promise<number>>>,
): Promise<Readonly<Record<Name, number>>> {
  const best: Partial<Record<Name, number>> = {};
  for (let turn = 0; turn < turns; turn++) {
    for (const [name, work] of Object.entries(works) as [Name, () => Promise<number>][]) {
      const found = await work();
      console.error(`${name}: ${found.toPrecision(4)}`);
      best[name] = Math.max(best[name] ?? 0, found);
    }
  }
  return best as Record<Name, number>;
}

/** A row of the table: how often more one is than the other, in their unit. */
interface Line {
  readonly work: string;
  readonly unit: string;
  readonly own: number;
  readonly against: string;
  readonly theirs: number;
  readonly target: number;
}

const lines: Line[] = [];
const python = Deno.env.get("REFRACT_PEER_PYTHON"), libraries = await llamaCpp();
const say = (missing: string) => console.error(`${missing}; its column is omitted`);
if (python === undefined) say("REFRACT_PEER_PYTHON is not set: there is neither transformers nor llama.cpp");
const llama = python === undefined || libraries === undefined
  ? undefined
  : startPeer(python, ["llama.cpp", libraries, await smollm2Gguf(), `${threads}`]);
const torch = python === undefined ? undefined : startPeer(python, ["transformers", source, `${threads}`]);

/** Tokens per second once programs are open and have run; the peers, too, have run before. */
async function rateOf(generators: readonly Generator[], work: Work): Promise<number> {
  await writeWith(generators, { ...work, tokens: 4 });
  return (await writeWith(generators, work)).rate;
}

// One row, of which each token reads all weights.
const one: Work = { rows: 1, prompt: 100, tokens: 64 };
const single = await inTurns({
  f32: async () => await rateOf([await generatorOf(undefined)], one),
  q4: async () => await rateOf([await generatorOf("q4")], one),
  q8: async () => await rateOf([await generatorOf("q8")], one),
  "llama.cpp, Q4_1": () => llama === undefined ? Promise.resolve(NaN) : llama.write(one).then(({ rate }) => rate),
  "bytes a second of a plain read": () => readRate(threads),
});
const weightBytes = 4 *
  [...architecture.weights.values()].reduce((sum, shape) => sum + shape.reduce((product, each) => product * each), 0);
const bus = single["bytes a second of a plain read"] / weightBytes, tokensASecond = "tokens/s";
const against = (work: string, own: number, other: string, theirs: number, target: number) =>
  lines.push({ work, unit: tokensASecond, own, against: other, theirs, target });
against("decode, batch 1, f32", single.f32, "the memory bus", bus, 0.85);
against("decode, batch 1, 4 bits", single.q4, "llama.cpp, Q4_1", single["llama.cpp, Q4_1"], 1.2);
against("decode, batch 1, 4 bits", single.q4, "our f32", single.f32, 3);
against("decode, batch 1, 8 bits", single.q8, "our f32", single.f32, 2.5);

const eight: Work = { rows: 8, prompt: 100, tokens: 32 };
const few = await inTurns({
  f32: async () => await rateOf([await generatorOf(undefined)], eight),
  q4: async () => await rateOf([await generatorOf("q4")], eight),
});
against("decode, batch 8, 4 bits", few.q4, "our f32", few.f32, 1.5);

const many: Work = { rows: 32, prompt: 200, tokens: 32 };
const base = await generatorOf(undefined), edited = await generatorOf(undefined, 1);
const unlike = await Promise.all(Array.from({ length: 16 }, (_, seed) => generatorOf(undefined, seed + 1)));
const batch = await inTurns({
  base: () => rateOf([base], many),
  "one edit": () => rateOf([edited], many),
  "16 edits": () => rateOf(unlike, many),
  transformers: () => torch === undefined ? Promise.resolve(NaN) : torch.write(many).then(({ rate }) => rate),
});
against("decode, 32 rows, 16 edits", batch["16 edits"], "one edit", batch["one edit"], 0.95);
against("decode, 32 rows, f32", batch.base, "transformers", batch.transformers, 2);

// A prompt of two chunks, against the rate of nothing but the products of a chunk after half a chunk on the average.
const long: Work = { rows: 1, prompt: 2 * chunkTokens, tokens: 2 };
const bare = await bareModel(undefined), program = extendProgram(bare.compiled);
const extents = { batch: 1, tail: chunkTokens, past: chunkTokens / 2, labelled: 2 };
const work = 2 * evaluateDimension(programFlops(program).matmul, extents) / 1e9;
const read = await inTurns({
  own: async () => work / (await writeWith([base], long)).first,
  products: async () => (await measureLimit(program, extents, bare.weights, threads)).rate / 1e9,
});
lines.push({
  ...{ work: `prefill of ${long.prompt} tokens`, unit: "GFLOP/s", own: read.own },
  ...{ against: "ONNX Runtime's products alone", theirs: read.products, target: 0.85 },
});

const server = await startServer([source, "--store", store, "--threads", `${threads}`]);
let asked = 0;
const first = await inTurns({
  server: async () => 1 / await firstToken(server.address, promptOf(100 + asked++, 100)),
  prefill: async () => 1 / (await writeWith([base], { rows: 1, prompt: 100, tokens: 2 })).first,
});
server.stop();
await server.ended;

console.log("| work | Refract | against | | ratio | to reach |\n| --- | ---: | --- | ---: | ---: | ---: |");
for (const { work, unit, own, against, theirs, target } of lines) {
  const [left, right] = [own, theirs].map((each) => `${each.toFixed(1)} ${unit}`);
  console.log(`| ${work} | ${left} | ${against} | ${right} | ${(own / theirs).toFixed(2)} | ${target} |`);
}
const milliseconds = (rate: number) => `${(1000 / rate).toFixed(0)} ms`;
const [whole, alone] = [milliseconds(first.server), milliseconds(first.prefill)];
console.log(`| first token of 100, idle server | ${whole} | its prefill | ${alone} | | + 30 ms |`);
for (const peer of [llama, torch]) await peer?.close();
await Deno.remove(store, { recursive: true });

/** Seconds until a server has sent the first token after a prompt. */
async function firstToken(address: string, prompt: readonly number[]): Promise<number> {
  const start = performance.now();
  const body = JSON.stringify({ model: "base", prompt, max_tokens: 2, temperature: 0, stream: true });
  const response = await fetch(`${address}/completions`, { method: "POST", body });
  const reader = response.body!.getReader();
  await reader.read();
  const seconds = (performance.now() - start) / 1000;
  while (!(await reader.read()).done);
  return seconds;
}
