/**
 * The generation speed of both sides: Refract with a LoReFT applied, transformers with only the model, both greedy.
 * Opening models and sessions is not counted on either side, nor is a first short call, which maps the weights.
 *
 * @module
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { lowerAdaptations } from "../../pipelines/compile/lower/lower_adaptations.ts";
import { drawTensors } from "../../pipelines/compile/parameters/initial.ts";
import { tokenizePrompt } from "../../pipelines/data/examples.ts";
import { generateRows } from "../../pipelines/decoding/generate.ts";
import { chooserOf } from "../../pipelines/decoding/writing.ts";
import { openGenerator, type WritingModel } from "../../pipelines/schedule/evaluate/generator.ts";
import { RunContext } from "../../pipelines/schedule/context/run_context.ts";
import { root } from "./command.ts";
import { lastToken } from "./jobs.ts";
import type { Bench } from "./measure.ts";
import { argumentPairs, runPython } from "./peer.ts";
import { inFreshFolder } from "./refract.ts";
import type { GenerationBatchResult, GenerationResult, GenerationSide } from "./results.ts";
import { multiArithPrompts } from "./rows.ts";
import { median, sum } from "./statistics.ts";
import { noting } from "../support/noting.ts";

/** A number of prompts, and the batch size. */
export interface GenerationBatch {
  readonly batch: number;
  readonly prompts: number;
  /** How many times faster Refract has to be. */
  readonly target: number;
}

/** The table's rows. */
const generationBatches: readonly GenerationBatch[] = [
  { batch: 1, prompts: 2, target: 2 },
  { batch: 8, prompts: 8, target: 2 },
];

/** The most tokens generated for a prompt in a full bench. */
export const mostNewTokens = 128;

/** The first call has to reach the decode program, too. */
const warmupTokens = 8;

/** Refract's edit; its tensors are random, because their values do not affect the work. */
const edit = lastToken(15, 4);

/** The result of one run of a side. */
interface Generated {
  /** Tokens before the rows' ends, over all prompts. */
  readonly tokens: number;
  /** Seconds of only the calls. */
  readonly seconds: number;
}

/** Measures all batch sizes, both sides alternating. */
export async function measureGeneration(newTokens: number, bench: Bench): Promise<GenerationResult> {
  const batches: GenerationBatchResult[] = [];
  for (const size of generationBatches) batches.push(await measureBatch(size, newTokens, bench));
  return { newTokens, batches };
}

async function measureBatch(size: GenerationBatch, newTokens: number, bench: Bench): Promise<GenerationBatchResult> {
  const prompts = await multiArithPrompts(size.prompts, bench.shared);
  const peer: Generated[] = [], refract: Generated[] = [];
  const report = (side: string, { tokens, seconds }: Generated) =>
    console.error(`generation, batch ${size.batch}: ${side} wrote ${tokens} tokens in ${seconds.toFixed(1)} s`);
  for (let run = 0; run < bench.runs; run++) {
    const theirs = await peerRun(prompts, size.batch, newTokens, bench);
    report("transformers", theirs);
    peer.push(theirs);
    const own = await refractRun(prompts, size.batch, newTokens, bench);
    report("Refract", own);
    refract.push(own);
  }
  const sides = { peer: sideOf(peer), refract: sideOf(refract) };
  return { ...size, ...sides, ratio: sides.refract.rate.median / sides.peer.rate.median };
}

function sideOf(runs: readonly Generated[]): GenerationSide {
  const rates = runs.map(({ tokens, seconds }) => tokens / seconds);
  return {
    rate: { median: median(rates), best: Math.max(...rates) },
    tokens: runs.map(({ tokens }) => tokens),
    seconds: runs.map(({ seconds }) => seconds),
  };
}

async function peerRun(
  prompts: readonly string[],
  batch: number,
  newTokens: number,
  { model, python, threads, scratch }: Bench,
): Promise<Generated> {
  return await inFreshFolder(scratch, async (folder) => {
    const file = join(folder, "prompts.json");
    await Deno.writeTextFile(file, JSON.stringify(prompts));
    const script = fileURLToPath(new URL("./generate_run.py", import.meta.url));
    const lengths = { "new-tokens": newTokens, "warmup-tokens": warmupTokens };
    const options = argumentPairs({ model: model.folder, prompts: file, batch, ...lengths, threads });
    const { stdout } = await runPython(python, [script, ...options]);
    return JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
  });
}

async function refractRun(
  prompts: readonly string[],
  batch: number,
  newTokens: number,
  { model: { folder: source }, threads, scratch }: Bench,
): Promise<Generated> {
  return await inFreshFolder(scratch, async (store) => {
    const emit = noting(console.error);
    await using runContext = new RunContext({ base: root, store, provider: "cpu", threads, emit });
    const writer = await editedWriter(runContext, source);
    const generator = await openGenerator(runContext, writer);
    const encoded = prompts.map((text) => {
      return tokenizePrompt({ text, spans: {}, fields: {} }, writer.model.tokenizer);
    });
    const write = (start: number, maxNewTokens: number) =>
      generateRows(generator, encoded.slice(start, start + batch), {
        maxNewTokens,
        choose: chooserOf({ kind: "greedy", maxNewTokens }, []),
      });
    await write(0, warmupTokens);
    let [tokens, seconds] = [0, 0];
    for (let start = 0; start < encoded.length; start += batch) {
      const before = performance.now();
      const written = await write(start, newTokens);
      seconds += (performance.now() - before) / 1000;
      tokens += sum(written.map(({ length }) => length));
    }
    return { tokens, seconds };
  });
}

async function editedWriter(runContext: RunContext, source: string): Promise<WritingModel> {
  const model = await runContext.models.model(source), weights = await runContext.models.weights(model);
  const { architecture } = model, { storedType } = weights;
  const { blocks, ...options } = edit;
  const adaptations = lowerAdaptations([{ ...options, at: { blocks, site: "block.output" } }], architecture);
  return {
    model,
    weights,
    compiled: { architecture, storedType, members: [adaptations], full: false },
    adaptations,
    tensors: await drawTensors(adaptations, 0),
  };
}
