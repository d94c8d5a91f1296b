/** A model made ready to write. @module */
import { bytesOf } from "../../ops/cost.ts";
import { evaluateDimension } from "../../ops/dimension.ts";
import { leavesOf, type Program } from "../../ops/program.ts";
import type { Adaptation } from "../compile/adaptations.ts";
import type { TensorMap } from "../compile/initial.ts";
import { type CompiledModel, decodeProgram, prefillProgram } from "../compile/programs.ts";
import type { Generator } from "../decoding/continuation.ts";
import type { Model, ModelWeights } from "../models/model.ts";
import type { Workshop } from "./workshop.ts";

/** A model with what is learned of it. */
export interface WritingModel {
  readonly model: Model;
  readonly weights: ModelWeights;
  readonly compiled: CompiledModel;
  readonly adaptations: readonly Adaptation[];
  /** The edits' tensors in saved form. */
  readonly tensors: TensorMap;
}

/**
 * The decode program reads a few rows at each step. Weights packed for its products make that twice as fast, but they are
 * a copy, so larger ones stay mapped from their files.
 */
const mostPackedBytes = 2 ** 30;

/**
 * Opens a model's programs for writing.
 *
 * @param rows How many rows are written at once.
 */
export async function openGenerator(workshop: Workshop, writer: WritingModel, rows: number): Promise<Generator> {
  const { model: { architecture, tokenizer }, weights, compiled, adaptations, tensors } = writer;
  const decode = decodeProgram(compiled), prepacks = rows > 1 && weightBytes(decode) <= mostPackedBytes;
  return {
    architecture,
    adaptations,
    tensors,
    prefill: await workshop.session(prefillProgram(compiled), weights),
    decode: () => workshop.session(decode, weights, { prepacks }),
    endTokens: new Set(tokenizer.eosTokenIds),
  };
}

function weightBytes(program: Program): number {
  const bytes = leavesOf(program, "weight").map((value) => evaluateDimension(bytesOf(value), {}));
  return bytes.reduce((sum, count) => sum + count, 0);
}
