/**
 * The tensors that the host feeds for a group of rows: their segments, labels, and masks of edited positions.
 *
 * @module
 */
import { mergeValues } from "../../../ops/program/own_value.ts";
import type { RunRow } from "../../models/inputs/input_kind.ts";
import { editedFeeds } from "./edited_positions.ts";
import { labelFeeds } from "./labels.ts";
import { groupExtents, type LaidOutRow, seenTokens } from "./laid_out_rows.ts";
import { differsByRow, type Layout, type Segment, stackOfSegment, tailOf } from "./layout.ts";
import type { Feeds } from "../../common/host_tensor.ts";
import type { Architecture } from "../../models/architecture/architecture.ts";
import { runFeeds } from "../../models/architecture/model_inputs.ts";
import { type Adaptation, headOf } from "../lower/adaptation.ts";

/**
 * The tensors that the examples determine, for a group of rows padded on the right.
 *
 * @param readsContext Whether the tokens before the tail are run over, instead of only reading their cached values.
 */
export function exampleFeeds(
  rows: readonly LaidOutRow[],
  layout: Layout,
  architecture: Architecture,
  adaptations: readonly Adaptation[],
  readsContext = true,
): Feeds {
  const run = layout.segments.filter(({ name, rows }) => rows === "batch" && (readsContext || name === "tail"));
  return {
    ...labelFeeds(rows, groupExtents(rows).tail, headOf(adaptations)),
    ...editedFeeds(rows, layout, adaptations),
    ...mergeValues(run.map((segment) => segmentFeeds(rows, layout, architecture, segment))),
  };
}

/** The tensors that the tokens shared by all rows determine. */
export function sharedFeeds(row: LaidOutRow, layout: Layout, architecture: Architecture): Feeds {
  const shared = layout.segments.filter(({ rows }) => rows === 1);
  return mergeValues(shared.map((segment) => segmentFeeds([row], layout, architecture, segment)));
}

/** The tokens and inputs of a segment. */
function segmentFeeds(
  rows: readonly LaidOutRow[],
  layout: Layout,
  architecture: Architecture,
  segment: Segment,
): Feeds {
  const { name, sees, attendsTo } = segment, extents = groupExtents(rows);
  const starts = rows.map((row) => layout.virtual + seenTokens(row, segment));
  const width = sees.reduce((sum, each) => sum + extents[each], layout.virtual);
  return runFeeds(name, stackOfSegment(architecture, segment), {
    rows: rows.map((row, index) => runRow(row, segment, starts[index]!, layout)),
    length: extents[name],
    past: { width, filled: differsByRow(layout, segment) ? starts : starts.slice(0, 1) },
    encoded: attendsTo === undefined
      ? undefined
      : { width: extents[attendsTo], filled: rows.map((row) => row[attendsTo].length) },
  });
}

function runRow(row: LaidOutRow, { name, from, to }: Segment, start: number, layout: Layout): RunRow {
  const { whole: { typeIds }, branch, seen } = row, isTail = name === tailOf(layout).name;
  return {
    tokens: row[name],
    start,
    ...typeIds === undefined ? {} : { types: typeIds.slice(from, to) },
    ...branch === undefined || !isTail ? {} : { branch },
    ...seen === undefined || !isTail ? {} : { seen },
  };
}

/** What the fed tensors depend on besides the rows and is not visible in programs or weights. */
export function fedNumbers({ causal, inputs, encoder }: Architecture): readonly unknown[] {
  return [causal, inputs, ...(encoder === undefined ? [] : [encoder.inputs])];
}
