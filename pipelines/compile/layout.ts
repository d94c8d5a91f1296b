/**
 * How an example's tokens fall into a context, before the first edited position, and a tail, from it on.
 *
 * @module
 */
import { multiplyDimensions } from "../../ops/dimension.ts";
import type { KeyValues } from "../../ops/nn/attention.ts";
import { input, type Value } from "../../ops/program.ts";
import type { Architecture, Segment } from "../models/architecture.ts";
import { type Adaptation, interventionsOf } from "./adaptations.ts";

/** The tail begins this many tokens before the prompt's end; `"whole"`: there is no context. */
export type Layout = number | "whole";

/**
 * The layout that pieces allow: a context exists if all of them act on the prompt's last tokens or behind it. The
 * prompt's last token, which predicts the first label, is always in the tail.
 */
export function layoutOf(pieces: readonly Adaptation[]): Layout {
  const interventions = interventionsOf(pieces);
  if (pieces.length === 0 || interventions.length < pieces.length) return "whole";
  if (interventions.some(({ positions }) => positions.first > 0)) return "whole";
  return Math.max(1, ...interventions.map(({ positions }) => positions.last));
}

/** Where the tail of a prompt begins. */
export function tailStart(layout: Layout, promptLength: number): number {
  return layout === "whole" ? 0 : Math.max(0, promptLength - layout);
}

/** The name of a segment's tensors and the symbol of its length. */
export type SegmentName = "context" | "tail";

/**
 * The fed tensors of a segment.
 *
 * @param past The symbol of the length of the keys before it, if any.
 */
export function segmentInputs(architecture: Architecture, name: SegmentName, past?: string): Segment {
  const { heads, keyValueHeads, headWidth } = architecture.heads;
  const rows = multiplyDimensions(heads / keyValueHeads, name);
  return {
    tokens: input(`${name}.tokens`, ["batch", name], "int64"),
    cosines: input(`${name}.cosines`, ["batch", name, headWidth / 2]),
    sines: input(`${name}.sines`, ["batch", name, headWidth / 2]),
    mask: past === undefined
      ? input(`${name}.mask`, [1, 1, rows, name])
      : input(`${name}.mask`, ["batch", 1, rows, `${past}+${name}`]),
  };
}

/** Keys and values that are fed, for every block. */
export function pastInputs(architecture: Architecture, length: string): KeyValues[] {
  const { keyValueHeads, headWidth } = architecture.heads;
  const shape = ["batch", keyValueHeads, length, headWidth];
  return Array.from({ length: architecture.blocks }, (_, block) => ({
    key: input(`past.${block}.key`, shape),
    value: input(`past.${block}.value`, shape),
  }));
}

/** Whether a leaf is fed from the example alone, so that it is the same in every epoch and for every member. */
export function isExampleInput(leaf: Value): boolean {
  return leaf.op === "input" && /^(context|tail|positions|labelled)\./.test(String(leaf.attributes["name"]));
}
