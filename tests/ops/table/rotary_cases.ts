import * as o from "../../../ops/operators.ts";
import { input, parameter, type Value } from "../../../ops/program/program.ts";
import type { Draw } from "../support.ts";
import type { OperationCase, Refusal } from "./conformance.ts";

const symbols = [{ batch: 2, tail: 3 }, { batch: 1, tail: 5 }, { batch: 3, tail: 1 }];
const angles: Readonly<Record<string, Draw>> = {
  cosines: (_, offset) => Math.fround(Math.cos(offset)),
  sines: (_, offset) => Math.fround(Math.sin(offset)),
};

function tables(half: number): readonly [Value, Value] {
  return [input("cosines", ["batch", "tail", half]), input("sines", ["batch", "tail", half])];
}

export const rotaryCases: OperationCase[] = [[1, 2], [1, 6], [2, 4], [3, 8]].map(([heads, width]): OperationCase => ({
  name: `rotary of ${heads} heads of width ${width}`,
  value: o.rotary(parameter("x", ["batch", "tail", heads! * width!]), ...tables(width! / 2), heads!),
  shape: ["batch", "tail", heads! * width!],
  symbols,
  draws: angles,
}));

rotaryCases.push(
  ...[[2, 4, 2], [2, 8, 8], [3, 6, 4]].flatMap(([heads, width, turned]) =>
    [false, true].map((interleaved): OperationCase => ({
      name: `rotary of ${turned} of ${heads} heads of width ${width}${interleaved ? ", interleaved" : ""}`,
      value: o.rotary(parameter("x", ["batch", "tail", heads! * width!]), ...tables(turned! / 2), heads!, interleaved),
      shape: ["batch", "tail", heads! * width!],
      symbols,
      draws: angles,
    }))
  ),
);

const x = parameter("x", ["batch", "tail", 8]);

export const rotaryRefusals: Refusal[] = [
  ["a rotation of more than a head", () => o.rotary(parameter("x", ["batch", "tail", 6]), ...tables(2), 2)],
  ["a rotation of a width that heads do not divide", () => o.rotary(x, ...tables(1), 3)],
  ["a rotation of four axes", () => o.rotary(parameter("x", ["batch", 2, "tail", 4]), ...tables(2), 1)],
  ["angles of another width", () => o.rotary(x, ...tables(4), 2)],
  [
    "angles for a different number of tokens",
    () => o.rotary(x, ...([1, 2].map(() => input("c", ["batch", 2, 2])) as [Value, Value]), 2),
  ],
  ["angles of one example", () => o.rotary(x, ...([1, 2].map(() => input("c", [1, "tail", 2])) as [Value, Value]), 2)],
  ["angles without examples", () => o.rotary(x, ...([1, 2].map(() => input("c", ["tail", 2])) as [Value, Value]), 2)],
];
