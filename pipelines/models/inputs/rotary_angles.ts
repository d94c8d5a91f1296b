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
  declare: (kinds, { batch, name }) =>
    mapEntries(kinds, ({ inverseFrequencies }) => {
      const shape = [batch, name, inverseFrequencies.length];
      return { cosines: { shape }, sines: { shape } };
    }),
  fill: (kinds, run) => mapEntries(kinds, (frequencies) => anglesOf(frequencies, run)),
  exported: { nodes: (kinds, write, grid) => mapEntries(kinds, (frequencies) => turns(write, grid, frequencies)) },
};

function anglesOf({ inverseFrequencies, rotaryScale }: RopeFrequencies, { rows, length }: RunRows) {
  const pairs = inverseFrequencies.length, shape = [rows.length, length, pairs];
  const cosines = new Float32Array(rows.length * length * pairs), sines = new Float32Array(cosines.length);
  rows.forEach((each, row) => {
    for (let at = 0; at < length; at++) {
      const first = (row * length + at) * pairs, position = positionIn(each, at);
      for (let pair = 0; pair < pairs; pair++) {
        const angle = position * inverseFrequencies[pair]!;
        cosines[first + pair] = Math.cos(angle) * rotaryScale;
        sines[first + pair] = Math.sin(angle) * rotaryScale;
      }
    }
  });
  return { cosines: { data: cosines, shape }, sines: { data: sines, shape } };
}

/** The angles, reduced to one turn in float64, since positions far from the start have many turns. */
function turns(write: GraphWriter, { positions }: TokenGrid, { inverseFrequencies, rotaryScale }: RopeFrequencies) {
  const frequencies = write.floats(inverseFrequencies, [inverseFrequencies.length], "float64");
  const whole = write.node("Mul", [cast(write, unsqueeze(write, positions, [2]), "float64"), frequencies]);
  const turn = write.node("Mod", [whole, write.floats([2 * Math.PI], [], "float64")], { fmod: { int: 1 } });
  const angles = cast(write, turn, "float32");
  const scaled = (x: TensorName) => rotaryScale === 1 ? x : write.node("Mul", [x, write.floats([rotaryScale])]);
  return { cosines: scaled(write.node("Cos", [angles])), sines: scaled(write.node("Sin", [angles])) };
}
