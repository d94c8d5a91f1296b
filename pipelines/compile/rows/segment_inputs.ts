/** Declarations of the fed tensors of segments. @module */
import type { KeyValues } from "../../../ops/nn/attention.ts";
import * as o from "../../../ops/operators.ts";
import { input, leafName, type Value } from "../../../ops/program/program.ts";
import type { Architecture, TokenRun } from "../../models/architecture/architecture.ts";
import { runInputs } from "../../models/architecture/model_inputs.ts";
import { labelInputs } from "./labels.ts";
import { differsByRow, type Layout, type Segment, segmentNames, stackOfSegment } from "./layout.ts";

/** The tokens and inputs of a segment. */
export function segmentInputs(
  architecture: Architecture,
  layout: Layout,
  segment: Segment,
): Pick<TokenRun, "tokens" | "inputs"> {
  const model = stackOfSegment(architecture, segment), { name, rows, sees, attendsTo } = segment;
  // If no token attends to later ones, none attends to padding.
  const seen = rows === "batch" && (!model.causal || differsByRow(layout, segment)) ? "batch" : 1;
  const before = [...layout.virtual > 0 ? [layout.virtual] : [], ...sees];
  return runInputs(model, { name, batch: rows, seen, before, encoded: attendsTo });
}

/**
 * Fed keys and values for every block: of the tokens read and generated so far, or of those that an encoder has read.
 */
export function pastInputs(architecture: Architecture, name: "past" | "encoded", length: string = name): KeyValues[] {
  const { keyValueHeads, headWidth } = architecture.heads;
  const shape = ["batch", keyValueHeads, length, headWidth];
  return Array.from({ length: architecture.blocks }, (_, block) => ({
    key: input(`${name}.${block}.key`, shape),
    value: input(`${name}.${block}.value`, shape),
  }));
}

const segments: ReadonlySet<string> = new Set(segmentNames);
const labelPlaces: ReadonlySet<string> = new Set([labelInputs.indices, labelInputs.shares]);

/** The resident keys and values of earlier tokens: {@linkcode pastInputs}, in the shape that attention to them takes. */
export function residentInputs({ heads, blocks }: Architecture, type: "float32" | "float16" = "float32"): KeyValues[] {
  const { keyValueHeads, headWidth } = heads, shape = ["batch", keyValueHeads, 1, "past", headWidth];
  const tensor = (name: string) => {
    return o.reshape(o.cast(input(name, shape, type), "float32"), ["batch", keyValueHeads, "past", headWidth]);
  };
  return Array.from({ length: blocks }, (_, block) => ({
    key: tensor(`past.${block}.key`),
    value: tensor(`past.${block}.value`),
  }));
}

/** The subject of a fed tensor: its name up to the first dot. */
function subjectOf(leaf: Value): string | undefined {
  return leaf.op === "input" ? leafName(leaf).split(".", 1)[0] : undefined;
}

/**
 * Whether a leaf depends only on the tokens of the example, so that it is the same in every epoch and for every member:
 * the masks of edited positions are not, since each member has its own.
 */
export function isExampleInput(leaf: Value): boolean {
  return segments.has(subjectOf(leaf) ?? "") || (leaf.op === "input" && labelPlaces.has(leafName(leaf)));
}

/** Whether a leaf depends only on the tokens that all rows share. */
export function isSharedInput(leaf: Value): boolean {
  return subjectOf(leaf) === "shared";
}
