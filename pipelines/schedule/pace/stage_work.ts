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
import type { KeptLevel } from "../../compile/frontier/memory_budget.ts";
import type { Work } from "../context/rates.ts";
import type { RunContext } from "../context/run_context.ts";
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

/** The kinds of edits and their number. */
function editsOf({ adaptations }: Pick<PreparedModel, "adaptations">): string {
  const kinds = new Set(adaptations.map(({ kind }) => kind));
  return [...kinds].sort().join() + adaptations.length;
}

/** The share of the blocks that compute something from the lowest edit's result. */
export function shareAbove({ model: { architecture: { blocks } }, adaptations, full }: PreparedModel): number {
  if (full !== undefined || blocks === 0) return 1;
  const edited = adaptations.filter((adaptation) => adaptation !== headOf(adaptations)).map(({ block, site }) =>
    (block ?? 0) + (site === "block.output" ? 1 : 0)
  );
  return edited.length === 0 ? 0 : Math.max(0, blocks - Math.min(...edited)) / blocks;
}

/**
 * What a training keeps of its rows' constant values, estimated from their sizes: all of them, hidden states that each
 * step computes keys and values from, or nothing.
 */
function keptOf(stage: PreparedTraining, { cacheMemory }: Budget): KeptLevel {
  const { rows, model: { architecture: { blocks, width, heads: { keyValueHeads, headWidth } } } } = stage;
  const { shared, context, tail } = lengthsOf(rows), before = total(shared) + total(context);
  const hidden = 4 * width * (before + total(tail)), above = blocks * shareAbove(stage);
  if (cacheMemory >= hidden + 4 * before * above * 2 * keyValueHeads * headWidth) return "keys and values";
  return cacheMemory >= hidden ? "hidden states" : "nothing";
}

/** The bytes that a stage may keep of its rows. */
export type Budget = Pick<RunContext, "cacheMemory">;

/**
 * The steps of a training, without validations.
 *
 * @param batched How many members' trainings run together with it, itself included: they share what is constant.
 */
export function trainWork(stage: PreparedTraining, budget: Budget, batched = 1): Work {
  const { rows, model: { architecture } } = stage, { body, vocabulary } = parametersOf(architecture);
  const { shared, context, tail, labels } = lengthsOf(rows), before = total(shared) + total(context);
  const share = shareAbove(stage), kept = keptOf(stage, budget);
  // Forward and backward from the lowest edit on, and forward again what is not kept.
  const trained = 6 * (body * share * total(tail) + vocabulary * total(labels));
  const again = kept === "nothing"
    ? 2 * body * (before + (1 - share) * total(tail))
    : kept === "hidden states"
    ? 2 * body * share * before
    : 0;
  const runs = rows.length === 0 ? 0 : stepCount(stage);
  const flops = runs === 0 ? 0 : (trained + again / batched) / rows.length * rowsTaken(stage);
  const parts = [editsOf(stage), isWhole(stage.layout) ? "whole rows" : "tails", `keeps ${kept}`];
  const detail = [...parts, ...batched > 1 ? ["batched"] : []].join(", ");
  return { kind: "train", shape: shapeOf(stage), detail, runs, flops };
}

/**
 * What is computed once of a training's rows; `undefined` if nothing is.
 *
 * @param taken Which rows; all if `undefined`.
 */
export function encodeWork(
  stage: PreparedTraining,
  budget: Budget,
  taken: EncodeJob["taken"] = takenByAny([stage]),
): Work | undefined {
  const { rows, layout, model: { architecture } } = stage;
  const isNone = isWhole(layout) && shareAbove(stage) === 1 || keptOf(stage, budget) === "nothing";
  if (stage.full !== undefined || isNone) return undefined;
  const tokens = encodedTokens({ rows, taken });
  const flops = 2 * parametersOf(architecture).body * tokens;
  return { kind: "encode", shape: shapeOf(stage), detail: "", runs: Math.ceil(tokens / tokensPerRun), flops };
}

/**
 * What an evaluation reads, and what it is expected to generate: answers as long as the rows' completions, within its
 * limit.
 *
 * @param isAgain Whether the run has evaluated the same rows before, so that programs are open and prompts are read.
 */
export function evaluateWork(stage: PreparedEvaluation, { cacheMemory }: Budget, isAgain = false): Work {
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
    kind: training === undefined ? "evaluateBase" : isAgain ? "evaluateAgain" : "evaluate",
    shape: shapeOf(stage),
    detail: `${editsOf(stage)}${4 * architecture.width * total(prompts) > cacheMemory ? ", keeps nothing" : ""}`,
    runs: batches * (passes + longest),
    flops: 2 * scale * (body * tokens + vocabulary * logits),
  };
}

/** A pass over all rows. */
export function activationsWork(stage: PreparedActivations): Work {
  const { body } = parametersOf(stage.model.architecture), tokens = total(lengthsOfExamples(stage.examples).prompts);
  const runs = Math.ceil(tokens / tokensPerRun);
  return { kind: "activations", shape: shapeOf(stage), detail: "", runs, flops: 2 * body * tokens };
}
