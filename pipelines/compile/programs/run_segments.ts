/** Running the blocks over the segments of rows, one after the other. @module */
import type { KeyValues } from "../../../ops/nn/attention.ts";
import type { Value } from "../../../ops/program/program.ts";
import type {
  Architecture,
  DropHook,
  EditHook,
  RunResult,
  TokenRun,
  WeightSource,
} from "../../models/architecture/architecture.ts";
import type { ModelInputs } from "../../models/inputs/kinds.ts";
import { isAttended, type Layout, type SegmentName, stackOfSegment, tailOf } from "../rows/layout.ts";
import { segmentInputs } from "../rows/segment_inputs.ts";

/** The model that runs over the segments. */
interface SegmentedModel {
  readonly architecture: Architecture;
  readonly layout: Layout;
  readonly weights: WeightSource;
  /** The runs of trained keys and values of virtual tokens, each for every block. */
  readonly virtual: readonly (readonly KeyValues[])[];
  /** Acts on the last segment of each stack; earlier segments are not edited. */
  readonly edit: EditHook;
  /** The model's own dropout. */
  readonly drop?: DropHook;
  /** Where the tail's batch is copied for several members. */
  readonly copied?: (inputs: ModelInputs) => TokenRun["copied"];
}

/** The result of a segment. */
export interface SegmentRun extends RunResult {
  readonly inputs: ModelInputs;
  /** The last block's output [batch, length, width]. */
  readonly last: Value;
  /** The stack's final output, if later tokens attend to it. */
  readonly finished?: Value;
}

/** The results of a layout's segments, by name and in order. */
export type SegmentRuns = ReadonlyMap<SegmentName, SegmentRun>;

/** Runs the segments of a layout in order. */
export function runSegments(
  { architecture, layout, weights, virtual, edit, drop, copied }: SegmentedModel,
): SegmentRuns {
  const { segments } = layout, runs = new Map<SegmentName, SegmentRun>();
  for (const segment of segments) {
    const { name, stack, parts, sees, attendsTo } = segment, model = stackOfSegment(architecture, segment);
    const isEdited = segments.findLast((each) => each.stack === stack) === segment;
    const fed = segmentInputs(architecture, layout, segment);
    const copies = name === tailOf(layout).name ? copied?.(fed.inputs) : undefined;
    const hidden = attendsTo === undefined ? undefined : runs.get(attendsTo)?.finished;
    const result = model.forward({
      ...fed,
      parts,
      past: [...virtual, ...sees.map((each) => runOf(runs, each).keyValues)],
      ...hidden === undefined ? {} : { encoded: { hidden } },
      ...isEdited ? { edit } : {},
      ...drop === undefined ? {} : { drop },
      ...copies === undefined ? {} : { copied: copies },
    }, weights);
    const last = result.hiddenStates[model.blocks] as Value;
    runs.set(name, {
      ...result,
      inputs: fed.inputs,
      last,
      ...isAttended(layout, segment) ? { finished: model.finish(last, weights, edit, drop) } : {},
    });
  }
  return runs;
}

/** The result of a segment that has run. */
export function runOf(runs: SegmentRuns, name: SegmentName): SegmentRun {
  const found = runs.get(name);
  if (found === undefined) throw new TypeError(`The segment ${name} has not run`);
  return found;
}

/** The keys and values of each segment that the tail's tokens and those after them attend to. */
export function keyValuesOf(layout: Layout, runs: SegmentRuns): ReadonlyMap<SegmentName, readonly KeyValues[]> {
  const { encoded = [] } = runOf(runs, tailOf(layout).name);
  return new Map(layout.segments.map((segment) => {
    return [segment.name, isAttended(layout, segment) ? encoded : runOf(runs, segment.name).keyValues];
  }));
}
