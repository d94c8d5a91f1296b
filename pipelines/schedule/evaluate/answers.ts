/** The answers of an evaluation: texts that the model writes, or its choices among texts. @module */
import type { TokenizedPrompt } from "../../data/examples.ts";
import { searchBeams } from "../../decoding/beam.ts";
import type { Generator } from "../../decoding/continuation.ts";
import { generateRows } from "../../decoding/generate.ts";
import { chooserOf, endsAt, type Writing } from "../../decoding/writing.ts";
import type { Model } from "../../models/open/model.ts";
import { type BatchedRows, inBatches } from "../context/resumable_batches.ts";
import type { RunContext } from "../context/run_context.ts";
import type { EvaluateJob } from "./evaluate_job.ts";
import { openGenerator } from "./generator.ts";
import { scoreAll } from "./score.ts";

/** What the model writes for each row. */
export async function generate(
  runContext: RunContext,
  job: EvaluateJob,
  writing: Writing,
  key: string,
): Promise<string[]> {
  const { stage } = job, { model, adaptations, batchSize } = stage;
  const encoded = await job.encodedPrompts();
  const endTokens = new Set(stage.examples.flatMap(({ endToken }) => endToken ?? []));
  const writer = { ...job, model, adaptations, endTokens };
  const generator = await openGenerator(runContext, writer, batchSize, encoded, stage.examples);
  const lengths = stage.examples.map(({ prompt }) => prompt.length);
  const rows: BatchedRows = { key, purpose: "answer", stage: stage.name, lengths, size: batchSize };
  return await inBatches(runContext, rows, async (batch) => {
    const prompts = batch.map((row) => stage.examples[row]!);
    const written = await write(generator, prompts, batch, writing, model);
    return written.map((tokens) => endsAt(writing.stop, model.tokenizer, tokens).text);
  });
}

/** The new tokens of each prompt; what is drawn for a row depends on its number and not on the others. */
function write(
  generator: Generator,
  prompts: readonly TokenizedPrompt[],
  rows: readonly number[],
  writing: Writing,
  { tokenizer }: Model,
): Promise<number[][]> {
  if (writing.kind === "beam") {
    const { maxNewTokens, beams, lengthPenalty, repetitionPenalty = 1 } = writing;
    return searchBeams(generator, prompts, { maxNewTokens, beams, lengthPenalty, repetitionPenalty });
  }
  const choose = chooserOf(writing, rows);
  const { stop = [], maxNewTokens } = writing;
  const isDone = (written: readonly number[]) => stop.length > 0 && endsAt(stop, tokenizer, written).isStopped;
  return generateRows(generator, prompts, { maxNewTokens, choose, isDone });
}

/** The first of each row's likeliest choices. */
export async function choose(runContext: RunContext, job: EvaluateJob, key: string): Promise<string[]> {
  const { choices = [], examples } = job.stage;
  const pairs = choices.flatMap((ofRow, row) => ofRow.map(({ tokens }) => [row, tokens] as const));
  const scored = await scoreAll(
    runContext,
    job,
    pairs.map(([row, completion]) => {
      const { prompt, source } = examples[row]!;
      return { prompt, source, completion };
    }),
    { key, purpose: "choice" },
  );
  let at = 0;
  return choices.map((ofRow) => {
    const losses = ofRow.map(() => scored[at++]!.loss);
    return ofRow[losses.indexOf(Math.min(...losses))]!.text;
  });
}
