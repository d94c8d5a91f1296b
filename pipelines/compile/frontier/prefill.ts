/**
 * Reading prompts before answers are written, cut at the frozen frontier: what no edit reaches is encoded once for all
 * members, and each member's prefill runs over the rest.
 *
 * @module
 */
import type { Bindings } from "../../../ops/program/dimension.ts";
import { dependants, leavesOf, type Program, type Value, valuesOf } from "../../../ops/program/program.ts";
import { cut, keptName, type KeptValue } from "./cut.ts";
import { type Layout, type SegmentName, segmentsOf } from "../rows/layout.ts";
import type { CompiledModel } from "../programs/forward.ts";
import { prefillProgram } from "../programs/inference_programs.ts";

/** Where a tensor comes from: an encoding, or the prefill program. */
export interface TensorOrigin {
  readonly from: "kept" | "result";
  readonly name: string;
}

/** The keys and values of one run of tokens, block by block. */
export interface RunOrigin {
  readonly segment: SegmentName;
  readonly blocks: readonly { readonly key: TensorOrigin; readonly value: TensorOrigin }[];
}

/** A prefill, cut. */
export interface CompiledPrefill {
  /** Gives the last tokens' logits [batch, vocabulary] and those keys and values that edits reach. */
  readonly program: Program;
  /** What an encoding has to give. */
  readonly kept: readonly KeptValue[];
  /** In the order of the tokens; the context of a decoder is what its encoder has read. */
  readonly runs: readonly RunOrigin[];
}

/** The prefill of a model over rows that are all tail, of which nothing is encoded. */
export function wholePrefill(model: CompiledModel, layout: Layout): Pick<CompiledPrefill, "program" | "runs"> {
  const originOf = (name: string): TensorOrigin => ({ from: "result", name });
  const runs = segmentsOf(layout).map((segment) => runOf(model, segment, originOf));
  return { program: prefillProgram(model, layout), runs };
}

function runOf(
  { architecture }: CompiledModel,
  segment: SegmentName,
  originOf: (name: string) => TensorOrigin,
): RunOrigin {
  const blocks = Array.from({ length: architecture.blocks }, (_, block) => ({
    key: originOf(`${segment}.${block}.key`),
    value: originOf(`${segment}.${block}.value`),
  }));
  return { segment, blocks };
}

/** The prefill of a model over rows in a layout, cut where it costs least to go on from an encoding of the rows. */
export function compilePrefill(model: CompiledModel, layout: Layout, typical: Bindings): CompiledPrefill {
  const whole = prefillProgram(model, layout), { outputs } = whole;
  const order = valuesOf(whole), varying = dependants(order, leavesOf(whole, "parameter"));
  const isKept = (value: Value) => !varying.has(value);
  const results = Object.fromEntries(Object.entries(outputs).filter(([, value]) => !isKept(value)));
  const { program, kept } = cut({ name: "prefill", outputs: results }, typical);
  const named = new Map(kept.map((each) => [each.name, each]));
  const originOf = (name: string): TensorOrigin => {
    const value = outputs[name] as Value;
    if (!isKept(value)) return { from: "result", name };
    named.set(keptName(value), { name: keptName(value), value });
    return { from: "kept", name: keptName(value) };
  };
  const runs = segmentsOf(layout).map((segment) => runOf(model, segment, originOf));
  return { program, kept: [...named.values()], runs };
}
