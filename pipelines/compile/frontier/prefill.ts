/**
 * Prefilling prompts before answers are generated, cut at the frozen frontier: values that no edit affects are encoded
 * once for all members, and each member's prefill computes the rest.
 *
 * @module
 */
import { ownValue } from "../../../ops/program/own_value.ts";
import type { Bindings } from "../../../ops/program/dimension.ts";
import { dependants, leavesOf, type Program, type Value, valuesOf } from "../../../ops/program/program.ts";
import { cut, keptName, type KeptValue } from "./cut.ts";
import { isAttended, type Layout, type SegmentName } from "../rows/layout.ts";
import { isExampleInput } from "../rows/segment_inputs.ts";
import type { CompiledModel } from "../programs/forward.ts";
import { prefillProgram } from "../programs/inference_programs.ts";

/** Where a tensor comes from: an encoding, or the prefill program. */
interface TensorOrigin {
  readonly from: "kept" | "result";
  readonly name: string;
}

/** The keys and values of one segment, block by block. */
export interface RunOrigin {
  readonly segment: SegmentName;
  /** Whether they belong to the tokens that an encoder has read, not to the decoder's. */
  readonly isEncoded: boolean;
  readonly blocks: readonly { readonly key: TensorOrigin; readonly value: TensorOrigin }[];
}

/** A compiled prefill, cut at the frontier. */
export interface CompiledPrefill {
  /** Computes the last tokens' logits [batch, vocabulary] and the keys and values that edits affect. */
  readonly program: Program;
  /** The values that an encoding must provide. */
  readonly kept: readonly KeptValue[];
  /** In the order of the layout's segments. */
  readonly runs: readonly RunOrigin[];
}

/** The prefill of a model without an encoding. */
export function wholePrefill(model: CompiledModel, layout: Layout): Pick<CompiledPrefill, "program" | "runs"> {
  return { program: prefillProgram(model, layout), runs: runsOf(model, layout, (name) => ({ from: "result", name })) };
}

function runsOf(
  { architecture: { blocks } }: CompiledModel,
  layout: Layout,
  originOf: (name: string) => TensorOrigin,
): readonly RunOrigin[] {
  return layout.segments.map((segment) => ({
    segment: segment.name,
    isEncoded: isAttended(layout, segment),
    blocks: Array.from({ length: blocks }, (_, block) => ({
      key: originOf(`${segment.name}.${block}.key`),
      value: originOf(`${segment.name}.${block}.value`),
    })),
  }));
}

/**
 * The prefill of a model over rows in a layout, cut where continuing from an encoding of the rows costs least.
 *
 * @param isFixed Whether a fed tensor is available when rows are encoded; by default, whether it comes from the
 * example.
 */
export function compilePrefill(
  model: CompiledModel,
  layout: Layout,
  typical: Bindings,
  isFixed: (leaf: Value) => boolean = isExampleInput,
): CompiledPrefill {
  const whole = prefillProgram(model, layout), { outputs } = whole;
  const fed = leavesOf(whole, "input").filter((leaf) => !isFixed(leaf));
  const order = valuesOf(whole), varying = dependants(order, [...leavesOf(whole, "parameter"), ...fed]);
  const isKept = (value: Value) => !varying.has(value);
  const results = Object.fromEntries(Object.entries(outputs).filter(([, value]) => !isKept(value)));
  const { program, kept } = cut({ name: "prefill", outputs: results }, typical, { isFixed });
  const named = new Map(kept.map((each) => [each.name, each]));
  const originOf = (name: string): TensorOrigin => {
    const value = ownValue(outputs, name) as Value;
    if (!isKept(value)) return { from: "result", name };
    named.set(keptName(value), { name: keptName(value), value });
    return { from: "kept", name: keptName(value) };
  };
  const runs = runsOf(model, layout, originOf);
  return { program, kept: [...named.values()], runs };
}
