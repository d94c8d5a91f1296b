/** A model head's predictions for an evaluation's rows, in one forward pass over each. @module */
import { madeOf, type RowList } from "../../common/row_list.ts";
import { RequestError } from "../../common/errors.ts";
import { type Head, headOf } from "../../compile/lower/adaptation.ts";
import { copyTensors } from "../../compile/parameters/initial.ts";
import { headProgram } from "../../compile/programs/inference_programs.ts";
import { withAttentionParts } from "../../compile/rows/attention_parts.ts";
import { exampleFeeds } from "../../compile/rows/feeds.ts";
import { layOut } from "../../compile/rows/laid_out_rows.ts";
import { wholeRows } from "../../compile/rows/layout.ts";
import type { Predicted } from "../../metrics/predicted.ts";
import type { HeadPrediction, Prediction } from "../../metrics/prediction.ts";
import { type BatchedRows, inBatches } from "../context/resumable_batches.ts";
import type { RunContext } from "../context/run_context.ts";
import { predictionKinds } from "../prepare/head_checks.ts";
import type { PreparedEvaluation } from "../prepare/prepared.ts";
import type { EvaluateJob } from "./evaluate_job.ts";

/**
 * The head's output for each row: the logits of its classes, or one number.
 *
 * @throws {RequestError} If one of them is not finite.
 */
export async function predict(runContext: RunContext, job: EvaluateJob, key: string): Promise<RowList<number[]>> {
  const { stage: { name, model: { architecture }, adaptations, examples, batchSize }, weights, tensors } = job;
  const layout = withAttentionParts(wholeRows(architecture, adaptations), architecture, examples);
  const session = await runContext.sessions.open(headProgram(job.compiled, layout), weights);
  const lengths = examples.map(({ prompt }) => prompt.length);
  const rows: BatchedRows = { key, purpose: "answer", stage: name, lengths, size: batchSize, isQuiet: job.isQuiet };
  return await inBatches(runContext, rows, async (batch) => {
    const laidOut = batch.map((row) => layOut(examples.at(row)!, layout));
    const feeds = { ...exampleFeeds(laidOut, layout, architecture, adaptations), ...copyTensors(tensors) };
    const { headOutputs: output } = (await session.run(feeds)).outputs;
    const [, width] = output!.shape as readonly [number, number];
    const numbers = Array.from(output!.data, Number);
    if (!numbers.every(Number.isFinite)) {
      throw new RequestError(`the head of ${name} returned a value that is not finite`);
    }
    return batch.map((_, at) => numbers.slice(at * width, (at + 1) * width));
  });
}

/** Rows as predictions.jsonl lists them and as metrics read them. */
export function readPredictions(
  { rows, examples, adaptations }: Pick<PreparedEvaluation, "rows" | "examples" | "adaptations">,
  outputs: RowList<readonly number[]>,
): { readonly predictions: RowList<Prediction>; readonly predicted: Predicted } {
  const head = headOf(adaptations);
  if (head === undefined || head.kind === "reward") throw new TypeError("The model has no head that reads labels");
  const { kind, labels } = head;
  const read = madeOf(rows, ({ prompt, pair, completion }, row) => {
    const texts = { prompt, ...pair === undefined ? {} : { pair } }, expected = examples.at(row)!.completion[0]!;
    return readers[kind](outputs.at(row)!, expected, { ...texts, completion }, head);
  });
  const measured = madeOf(read, ({ prediction, ...row }, at) => {
    const { fields, place } = rows.at(at)!;
    return { ...row, row: { ...prediction, fields, place } };
  });
  return {
    predictions: madeOf(read, ({ prediction }) => prediction),
    predicted: { kind: predictionKinds[kind], rows: measured, labels },
  };
}

interface Read extends Omit<HeadPrediction, "row"> {
  readonly prediction: Prediction;
}

/** Reads the output of a kind of head for a row, given the row's own label. */
type Reader = (output: readonly number[], expected: number, texts: Prediction, head: Head) => Read;

const readers: { readonly [K in Exclude<Head["kind"], "reward">]: Reader } = {
  classification: readClass,
  regression: readNumber,
};

function readNumber([predicted = NaN]: readonly number[], expected: number, texts: Prediction): Read {
  const loss = (predicted - expected) ** 2;
  return { prediction: { ...texts, prediction: predicted, loss }, expected, predicted, loss };
}

function readClass(logits: readonly number[], expected: number, texts: Prediction, { labels }: Head): Read {
  const largest = Math.max(...logits), predicted = logits.indexOf(largest);
  const total = largest + Math.log(logits.reduce((sum, each) => sum + Math.exp(each - largest), 0));
  const loss = total - logits[expected]!;
  const probabilities = Object.fromEntries(
    labels.map((label, id) => [label, Number(Math.exp(logits[id]! - total).toPrecision(6))]),
  );
  return {
    prediction: { ...texts, completion: labels[expected]!, prediction: labels[predicted]!, loss, probabilities },
    expected,
    predicted,
    loss,
  };
}
