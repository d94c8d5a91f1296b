/**
 * How much work stages are, counted without compiling anything: twice the parameters that each token passes through,
 * and three times that with a backward pass. Times are estimated from how long the same count took before, so whatever
 * it omits cancels out.
 *
 * @module
 */
import { elementCount } from "../../../ops/program/dimension.ts";
import { isWhole } from "../../compile/rows/layout.ts";
import { lengthsOf, total } from "../../compile/rows/row_lengths.ts";
import { headOf } from "../../compile/lower/adaptation.ts";
import { lengthsOfExamples } from "../../data/example_lengths.ts";
import { writtenOf } from "../../decoding/kinds.ts";
import type { Architecture } from "../../models/architecture/architecture.ts";
import { readsScores } from "../../metrics/mod.ts";
import type { Work } from "../context/rates.ts";
import type { PreparedActivations, PreparedEvaluation, PreparedTraining } from "../prepare/prepared.ts";
import type { PreparedModel } from "../prepare/prepared_model.ts";
import { encodedTokens, type EncodeJob } from "../encode/encode_job.ts";
import { takenByAny } from "../train/shared_encoding.ts";
import { rowsTaken, stepCount } from "../train/steps.ts";

/** About how many tokens a run of an encoding has. */
const tokensPerRun = 1024;

/** Parameters that every token passes through, and those that only tokens with logits do. */
interface Parameters {
  readonly body: number;
  readonly vocabulary: number;
}

const counted = new WeakMap<Architecture, Parameters>();

function parametersOf(architecture: Architecture): Parameters {
  return counted.getOrInsertComputed(architecture, () => {
    const { weights, vocabularySize, width, head } = architecture;
    const body = [...weights.values()].filter((shape) => !shape.includes(vocabularySize));
    const vocabulary = head === "language" ? vocabularySize * width : 0;
    return { body: body.reduce((sum, shape) => sum + elementCount(shape), 0), vocabulary };
  });
}

function shapeOf({ model: { architecture }, quantize, full }: PreparedModel): string {
  const { family, width, blocks, vocabularySize } = architecture;
  return [family, width, blocks, vocabularySize, quantize ?? "", full === undefined ? "" : "full"].join(" ").trim();
}

/** The share of the blocks that are above the lowest edit. */
export function shareAbove({ model: { architecture: { blocks } }, adaptations, full }: PreparedModel): number {
  if (full !== undefined || blocks === 0) return 1;
  const edited = adaptations.filter((adaptation) => adaptation !== headOf(adaptations)).map(({ block }) => block ?? 0);
  return edited.length === 0 ? 0 : Math.max(0, blocks - Math.min(...edited)) / blocks;
}

/** The steps of a training, without validations. */
export function trainWork(stage: PreparedTraining): Work {
  const { rows, model: { architecture } } = stage, { body, vocabulary } = parametersOf(architecture);
  const { tail, labels } = lengthsOf(rows);
  const row = rows.length === 0
    ? 0
    : (body * shareAbove(stage) * total(tail) + vocabulary * total(labels)) / rows.length;
  const runs = rows.length === 0 ? 0 : stepCount(stage);
  return { kind: "train", shape: shapeOf(stage), runs, flops: 6 * row * (runs === 0 ? 0 : rowsTaken(stage)) };
}

/**
 * What is computed once of a training's rows; `undefined` if nothing is.
 *
 * @param taken Which rows; all if `undefined`.
 */
export function encodeWork(
  stage: PreparedTraining,
  taken: EncodeJob["taken"] = takenByAny([stage]),
): Work | undefined {
  const { rows, layout, model: { architecture } } = stage;
  if (stage.full !== undefined || isWhole(layout) && shareAbove(stage) === 1) return undefined;
  const tokens = encodedTokens({ rows, taken });
  const flops = 2 * parametersOf(architecture).body * tokens;
  return { kind: "encode", shape: shapeOf(stage), runs: Math.ceil(tokens / tokensPerRun), flops };
}

/**
 * What an evaluation reads, and what it is expected to generate: answers as long as the rows' completions, within its
 * limit.
 */
export function evaluateWork(stage: PreparedEvaluation): Work {
  const { examples, choices, spec, batchSize, training, of = examples.length, model: { architecture } } = stage;
  const { body, vocabulary } = parametersOf(architecture), { prompts, completions } = lengthsOfExamples(examples);
  const { newTokens, copies } = writtenOf(spec.decoding);
  const answers = completions.map((length) => Math.min(newTokens, length));
  const written = newTokens === 0 ? 0 : copies * total(answers);
  const longest = newTokens === 0 ? 0 : answers.reduce((most, length) => Math.max(most, length), 0);
  const chosen = choices === undefined ? 0 : choices.reduce((sum, ofRow) => {
    return ofRow.reduce((own, { example: { completion } }) => own + completion.length, sum);
  }, 0);
  const scored = readsScores(spec.metrics) ? total(prompts) + total(completions) : 0;
  const hasHead = headOf(stage.adaptations) !== undefined;
  const asked = newTokens > 0 || choices !== undefined || hasHead ? total(prompts) : 0;
  const tokens = asked + chosen + scored + written;
  const logits = hasHead ? 0 : written + chosen + (scored > 0 ? total(completions) : 0);
  const scale = examples.length === 0 ? 0 : of / examples.length, batches = Math.ceil(of / batchSize);
  const passes = Number(asked > 0) + Number(scored > 0);
  return {
    kind: training === undefined ? "evaluateBase" : "evaluate",
    shape: shapeOf(stage),
    runs: batches * (passes + longest),
    flops: 2 * scale * (body * tokens + vocabulary * logits),
  };
}

/** A pass over all rows. */
export function activationsWork(stage: PreparedActivations): Work {
  const { body } = parametersOf(stage.model.architecture), tokens = total(lengthsOfExamples(stage.examples).prompts);
  const runs = Math.ceil(tokens / tokensPerRun);
  return { kind: "activations", shape: shapeOf(stage), runs, flops: 2 * body * tokens };
}
