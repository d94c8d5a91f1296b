/** The rotary angles of a run's tokens, by the name that blocks use. @module */
import type { GraphWriter, TensorName } from "../../../ops/onnx/graph_writer.ts";
import { cast, unsqueeze } from "../../../ops/onnx/nodes.ts";
import { type InputKind, mapEntries, positionIn, type RunRows, type Tensor, type TokenGrid } from "./input_kind.ts";

/** The angle per token of each pair [headWidth/2], in radians, and the factor on cosines and sines. */
export interface RopeFrequencies {
  readonly inverseFrequencies: readonly number[];
  readonly rotaryScale: number;
}

/** Cosines and sines of the angles [batch, length, turned/2]. */
interface Angles {
  readonly cosines: Tensor;
  readonly sines: Tensor;
}

/** Rotary angles of each kind of block. */
export const rotaryAngles: InputKind<Readonly<Record<string, RopeFrequencies>>, Readonly<Record<string, Angles>>> = {
  declare: (kinds, { batch, length }) =>
    mapEntries(kinds, ({ inverseFrequencies }) => {
      const shape = [batch, length, inverseFrequencies.length];
      return { cosines: { shape }, sines: { shape } };
    }),
  fill: (kinds, run) => mapEntries(kinds, (frequencies) => anglesOf(frequencies, run)),
  exported: { nodes: (kinds, write, grid) => mapEntries(kinds, (frequencies) => turns(write, grid, frequencies)) },
};

function anglesOf(frequencies: RopeFrequencies, { rows, length }: RunRows) {
  const pairs = frequencies.inverseFrequencies.length, shape = [rows.length, length, pairs];
  const cosines = new Float32Array(rows.length * length * pairs), sines = new Float32Array(cosines.length);
  const first = firstAngles.getOrInsertComputed(frequencies, firstAnglesOf);
  rows.forEach((each, row) => {
    for (let at = 0; at < length; at++) {
      const to = (row * length + at) * pairs, position = positionIn(each, at);
      if (position < keptPositions) {
        const from = position * pairs, end = from + pairs;
        cosines.set(first.cosines.subarray(from, end), to);
        sines.set(first.sines.subarray(from, end), to);
      } else turn(frequencies, position, cosines, sines, to);
    }
  });
  return { cosines: { data: cosines, shape }, sines: { data: sines, shape } };
}

/** Of how many positions, the first, cosines and sines are kept: runs ask for the same again and again. */
const keptPositions = 1024;
const firstAngles = new WeakMap<RopeFrequencies, { readonly cosines: Float32Array; readonly sines: Float32Array }>();

function firstAnglesOf(frequencies: RopeFrequencies) {
  const pairs = frequencies.inverseFrequencies.length;
  const cosines = new Float32Array(keptPositions * pairs), sines = new Float32Array(cosines.length);
  for (let position = 0; position < keptPositions; position++) {
    turn(frequencies, position, cosines, sines, position * pairs);
  }
  return { cosines, sines };
}

/** Writes the cosines and sines of a position from an index on. */
function turn(
  { inverseFrequencies, rotaryScale }: RopeFrequencies,
  position: number,
  cosines: Float32Array,
  sines: Float32Array,
  first: number,
): void {
  inverseFrequencies.forEach((frequency, pair) => {
    const angle = position * frequency;
    cosines[first + pair] = Math.cos(angle) * rotaryScale;
    sines[first + pair] = Math.sin(angle) * rotaryScale;
  });
}

/** The angles are reduced to one turn in float64, as a far position takes many. */
function turns(write: GraphWriter, { positions }: TokenGrid, { inverseFrequencies, rotaryScale }: RopeFrequencies) {
  const frequencies = write.floats(inverseFrequencies, [inverseFrequencies.length], "float64");
  const whole = write.node("Mul", [cast(write, unsqueeze(write, positions, [2]), "float64"), frequencies]);
  const turn = write.node("Mod", [whole, write.floats([2 * Math.PI], [], "float64")], { fmod: { int: 1 } });
  const angles = cast(write, turn, "float32");
  const scaled = (x: TensorName) => rotaryScale === 1 ? x : write.node("Mul", [x, write.floats([rotaryScale])]);
  return { cosines: scaled(write.node("Cos", [angles])), sines: scaled(write.node("Sin", [angles])) };
}
