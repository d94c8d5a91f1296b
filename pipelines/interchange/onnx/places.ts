/**
 * Where tokens stand, computed from an attention mask: what `runFeeds` gives a program's run, as nodes. Padding may stand
 * anywhere in a row; a token's position is the number of tokens before it that are none.
 *
 * @module
 */
import { addDimensions, type Dimension } from "../../../ops/program/dimension.ts";
import type { GraphWriter, TensorName } from "../../../ops/onnx/graph_writer.ts";
import { cast, range, unsqueeze } from "../../../ops/onnx/nodes.ts";
import { maskedScore } from "../../compile/rows/run_feeds.ts";
import { exportSymbols } from "../../compile/programs/export_program.ts";
import type { Architecture } from "../../models/architecture.ts";
import type { RopeFrequencies } from "../../models/rope.ts";

/** Where the tokens of a run and those that they may see stand. */
export interface Standing {
  /** How many tokens that are never read stand before all. */
  readonly virtual: number;
  /** How many keys there are to be seen. */
  readonly keys: Dimension;
  /** The first of them that belongs to the run. */
  readonly start: Dimension;
  /** Which of them are no padding, bool [batch, keys]. */
  readonly real: TensorName;
  /** The position of each, int64 [batch, keys]. */
  readonly keyPositions: TensorName;
  /** The run's own positions, int64 [batch, tokens]. */
  readonly positions: TensorName;
}

/**
 * Where tokens stand.
 *
 * @param attentionMask 1 for each token of past and run, 0 for padding, int64 [batch, past + tokens].
 */
export function standingOf(write: GraphWriter, attentionMask: TensorName, virtual: number): Standing {
  const { batch, tokens, past } = exportSymbols;
  const start = addDimensions(virtual, past), keys = addDimensions(start, tokens);
  const ones = () => write.node("Expand", [write.integers([1]), write.extents([batch, virtual])]);
  const seen = virtual === 0 ? attentionMask : write.node("Concat", [ones(), attentionMask], { axis: { int: 1 } });
  const before = write.node("Sub", [write.node("CumSum", [seen, write.integers(1)]), write.integers(1)]);
  // Padding before a row's first token has no position; nothing of it is seen.
  const keyPositions = write.node("Max", [before, write.integers(0)]);
  const positions = write.node("Slice", [
    keyPositions,
    write.extent(start),
    write.extent(keys),
    write.integers([1]),
  ]);
  return { virtual, keys, start, real: cast(write, seen, "bool"), keyPositions, positions };
}

/** The tensors of a run's places by the names that `runInputs` gives them. */
export function placeTensors(
  write: GraphWriter,
  standing: Standing,
  { heads: { heads, keyValueHeads }, places }: Pick<Architecture, "heads" | "places">,
): Map<string, TensorName> {
  const { tokens } = exportSymbols, found = new Map<string, TensorName>();
  for (const [kind, frequencies] of Object.entries(places.angles)) {
    const [cosines, sines] = turns(write, standing, frequencies);
    found.set(`${tokens}.cosines.${kind}`, cosines).set(`${tokens}.sines.${kind}`, sines);
  }
  for (const [kind, reach] of Object.entries(places.masks)) {
    const mask = unsqueeze(write, maskOf(write, standing, reach), [1]);
    const byHead = new Array<TensorName>(heads / keyValueHeads).fill(mask);
    found.set(
      `${tokens}.mask.${kind}`,
      byHead.length === 1 ? mask : write.node("Concat", byHead, { axis: { int: 2 } }),
    );
  }
  if (places.positions !== undefined) {
    const { offset } = places.positions;
    found.set(`${tokens}.positions`, write.node("Add", [standing.positions, write.integers(offset)]));
  }
  if (places.keyPositions) {
    found.set(`${tokens}.keyPositions`, unsqueeze(write, cast(write, standing.keyPositions, "float32"), [1, 2]));
  }
  return found;
}

/** Cosines and sines of the rotary angles; these are reduced to one turn in float64, as a far position takes many. */
function turns(
  write: GraphWriter,
  { positions }: Standing,
  { inverseFrequencies, rotaryScale }: RopeFrequencies,
): [cosines: TensorName, sines: TensorName] {
  const frequencies = write.floats(inverseFrequencies, [inverseFrequencies.length], "float64");
  const whole = write.node("Mul", [cast(write, unsqueeze(write, positions, [2]), "float64"), frequencies]);
  const turn = write.node("Mod", [whole, write.floats([2 * Math.PI], [], "float64")], { fmod: { int: 1 } });
  const angles = cast(write, turn, "float32");
  const scaled = (x: TensorName) => rotaryScale === 1 ? x : write.node("Mul", [x, write.floats([rotaryScale])]);
  return [scaled(write.node("Cos", [angles])), scaled(write.node("Sin", [angles]))];
}

/** What is added to scores [batch, tokens, keys]: 0, or for what a token may not see so much that nothing is left of it. */
function maskOf(
  write: GraphWriter,
  { keys, start, real, keyPositions, positions }: Standing,
  reach: number | null,
): TensorName {
  const queries = unsqueeze(write, range(write, start, keys), [1]), seen = unsqueeze(write, range(write, 0, keys), [0]);
  const before = write.node("And", [unsqueeze(write, real, [1]), write.node("LessOrEqual", [seen, queries])]);
  const distance = () => write.node("Sub", [unsqueeze(write, positions, [2]), unsqueeze(write, keyPositions, [1])]);
  const visible = reach === null
    ? before
    : write.node("And", [before, write.node("Less", [distance(), write.integers(reach)])]);
  return write.node("Where", [visible, write.floats([0]), write.floats([maskedScore])]);
}
