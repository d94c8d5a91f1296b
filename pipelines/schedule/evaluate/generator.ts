/** Prepares a model for generation. @module */
import type { RowList } from "../../common/row_list.ts";
import { bytesOf } from "../../../ops/passes/cost.ts";
import { digest } from "../../../ops/program/digest.ts";
import { evaluateDimension } from "../../../ops/program/dimension.ts";
import { leavesOf, type Program } from "../../../ops/program/program.ts";
import { isCodeType } from "../../../ops/table/quantization.ts";
import type { Feeds } from "../../common/host_tensor.ts";
import { type CompiledPrefill, wholePrefill } from "../../compile/frontier/prefill.ts";
import { actsOnCompletion, type Adaptation } from "../../compile/lower/adaptation.ts";
import type { TensorMap } from "../../compile/parameters/initial.ts";
import type { CompiledModel } from "../../compile/programs/forward.ts";
import { decodeProgram, extendProgram, rateProgram } from "../../compile/programs/inference_programs.ts";
import { withAttentionParts } from "../../compile/rows/attention_parts.ts";
import { type Layout, wholeRows } from "../../compile/rows/layout.ts";
import type { TokenizedPrompt } from "../../data/examples.ts";
import type { Generator, OddRounding, Prefill } from "../../decoding/continuation.ts";
import { mostKeyValueBytes } from "../../decoding/key_value_cache.ts";
import type { Model, ModelWeights } from "../../models/open/model.ts";
import type { Session } from "../../runtime/runtime.ts";
import type { RunContext } from "../context/run_context.ts";

/** A model with its trained values. */
export interface WritingModel {
  readonly model: Model;
  readonly weights: ModelWeights;
  readonly compiled: CompiledModel;
  readonly adaptations: readonly Adaptation[];
  /** The edits' tensors in their saved form. */
  readonly tensors: TensorMap;
  /** Tokens that end an answer besides the model's own. */
  readonly endTokens?: ReadonlySet<number>;
}

/**
 * The decode program reads a few rows at each step. Packing weights for its matrix products makes it 1.4 times as fast
 * with one row and twice as fast with several, but the packed weights are a copy, so larger ones stay mapped from their
 * files.
 */
const mostPackedBytes = 2 ** 30;

/** What was encoded of some prompts, and the prefill program that continues from there. */
export interface EncodedPrompts {
  readonly prefill: CompiledPrefill;
  readonly layout: Layout;
  readonly kept: (prompts: RowList<TokenizedPrompt>) => Feeds;
}

/**
 * Opens a model's programs for generation.
 *
 * @param encoded All prompts to read, if they were encoded.
 * @param prompts Those that are known; long ones are read in chunks.
 */
export async function openGenerator(
  runContext: RunContext,
  writer: WritingModel,
  encoded?: EncodedPrompts,
  prompts: RowList<TokenizedPrompt> = [],
): Promise<Generator> {
  const generator = generatorOf(runContext, writer, encoded, prompts);
  await (generator.extend ?? generator.prefill.session)();
  await generator.decode();
  return generator;
}

/** The same, with programs that are opened on first use. */
export function generatorOf(
  runContext: RunContext,
  writer: WritingModel,
  encoded?: EncodedPrompts,
  prompts: RowList<TokenizedPrompt> = [],
): Generator {
  const { model, weights, compiled, adaptations, tensors, endTokens = [] } = writer,
    { architecture, tokenizer } = model;
  // One program that does both takes one copy of the weights; edits of the prompt do nothing while it decodes.
  const isShared = !runContext.sessions.mapsWeights && architecture.encoder === undefined && encoded === undefined;
  const decode = isShared ? extendProgram(compiled, true) : decodeProgram(compiled);
  const prepacks = isInFewBits(decode) || (runContext.sessions.mapsWeights && weightBytes(decode) <= mostPackedBytes);
  const prefill = openPrefill(runContext, writer, encoded, prompts);
  const extend = architecture.encoder !== undefined || encoded !== undefined
    ? undefined
    : extendWith(runContext, writer);
  return {
    architecture,
    keyValueType: compiled.keyValueType,
    adaptations,
    tensors,
    prefill,
    extend,
    rate: extend && (() => runContext.sessions.open(rateProgram(compiled), weights)),
    readsAs: `${model.folder} ${weights.digest}`,
    decode: () => runContext.sessions.open(decode, weights, { prepacks }),
    oddRounding: oddRoundingOf(decode, prepacks),
    decodesAs: adaptations.some((each) => isShared || actsOnCompletion(each))
      ? {}
      : `${weights.digest} ${digest(decode)}`,
    endTokens: new Set([...tokenizer.eosTokenIds, ...endTokens]),
    mostKeyValueBytes,
  };
}

/**
 * The program that extends prompts. Where each session has its own copy of the weights, it is the decode program too;
 * otherwise float weights stay mapped, because a run over many tokens gains nothing from a copy.
 */
function extendWith(runContext: RunContext, { compiled, weights }: WritingModel): () => Promise<Session> {
  const extend = extendProgram(compiled, !runContext.sessions.mapsWeights), options = { prepacks: isInFewBits(extend) };
  return () => runContext.sessions.open(extend, weights, options);
}

function openPrefill(
  runContext: RunContext,
  { compiled, weights, adaptations }: WritingModel,
  encoded: EncodedPrompts | undefined,
  prompts: RowList<TokenizedPrompt>,
): Prefill {
  if (encoded === undefined) {
    const layout = withAttentionParts(wholeRows(compiled.architecture, adaptations), compiled.architecture, prompts);
    const { program, runs } = wholePrefill(compiled, layout);
    return { session: () => runContext.sessions.open(program, weights), layout, runs, kept: () => ({}) };
  }
  const { prefill: { program, runs }, layout, kept } = encoded;
  return { session: () => runContext.sessions.open(program, weights), layout, runs, kept };
}

/** Packed low-bit weights are multiplied as they are; unpacked, they would all be widened for each token. */
function isInFewBits(program: Program): boolean {
  return leavesOf(program, "weight").some(({ dtype }) => isCodeType(dtype));
}

function oddRoundingOf(decode: Program, prepacks: boolean): OddRounding {
  const types = new Set(leavesOf(decode, "weight").map(({ dtype }) => dtype));
  // The runtime multiplies rows by blocks of 64 codes in 4 bits in pairs, and a row that is left in another order; the
  // next product's rounding to 8 bits enlarges that.
  if (types.has("uint4x64")) return "int8";
  return prepacks && !types.has("float16") && !types.has("bfloat16") ? "same" : "float32";
}

function weightBytes(program: Program): number {
  const bytes = leavesOf(program, "weight").map((value) => evaluateDimension(bytesOf(value), {}));
  return bytes.reduce((sum, count) => sum + count, 0);
}
