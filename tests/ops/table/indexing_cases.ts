import * as o from "../../../ops/operators.ts";
import { input, parameter } from "../../../ops/program/program.ts";
import { between, type Draw } from "../support.ts";
import type { OperationCase, Refusal } from "./conformance.ts";

const symbols = [{ batch: 2, tail: 3, labelled: 4 }, { batch: 1, tail: 5, labelled: 1 }, {
  batch: 3,
  tail: 1,
  labelled: 7,
}];
const below = (limit: number): Draw => (random) => random.integer(limit);
const classes = 5;
const logits = parameter("logits", ["labelled", classes]);
const labels = input("labels", ["labelled", 1], "int64");
const x = parameter("x", [7, 3]);

/** A label of 0 in every row, and the other logits above its logit by a margin. */
const mistaken = (margin: number): Readonly<Record<string, Draw>> => ({
  labels: () => 0,
  logits: (random, offset) => Math.fround((offset % classes === 0 ? 0 : margin) + random.uniform()),
});

const gathers: OperationCase[] = [
  {
    name: "gatherRows",
    value: o.gatherRows(x, input("i", [4], "int64")),
    shape: [4, 3],
    draws: { i: below(7) },
    cpuOnly: true,
  },
  {
    name: "gatherRows by a column",
    value: o.gatherRows(x, input("i", ["labelled", 1], "int64")),
    shape: ["labelled", 1, 3],
    symbols,
    draws: { i: below(7) },
  },
  {
    name: "gatherRows by a matrix of tokens",
    value: o.gatherRows(x, input("i", ["batch", "tail"], "int64")),
    shape: ["batch", "tail", 3],
    symbols,
    draws: { i: below(7) },
    cpuOnly: true,
  },
  {
    name: "gatherRows of one row repeatedly",
    value: o.gatherRows(x, input("i", ["batch"], "int64")),
    shape: ["batch", 3],
    symbols,
    draws: { i: () => 6 },
    cpuOnly: true,
  },
  {
    name: "gatherRows of numbers",
    value: o.gatherRows(parameter("x", [7]), input("i", ["batch", "tail"], "int64")),
    shape: ["batch", "tail"],
    symbols,
    draws: { i: below(7) },
    cpuOnly: true,
  },
  {
    name: "gatherRows of matrices from symbolic rows",
    value: o.gatherRows(parameter("x", ["tail", 2, 3]), input("i", ["batch"], "int64")),
    shape: ["batch", 2, 3],
    symbols,
    draws: { i: (random, _, { tail }) => random.integer(tail!) },
    cpuOnly: true,
  },
  {
    name: "gatherRows by no indices",
    value: o.gatherRows(x, input("i", ["batch"], "int64")),
    shape: ["batch", 3],
    symbols: [{ batch: 0 }],
    cpuOnly: true,
  },
];

const own: Draw = (_, offset) => [6, 0, 3, 2][offset]!;

const scatters: OperationCase[] = [
  ...[true, false].flatMap((distinct) =>
    [[4], [4, 1]].flatMap((shape): OperationCase[] => {
      const indices = input("i", shape, "int64"), cpuOnly = shape.length === 1;
      const name = `by ${cpuOnly ? "a list" : "a column"}, distinct ${distinct ? "by promise" : "by chance"}`;
      const shared = { draws: { i: own }, cpuOnly };
      return [
        {
          name: `scatterRows ${name}`,
          value: o.scatterRows(parameter("x", [4, 3]), indices, 7, distinct),
          shape: [7, 3],
          ...shared,
        },
        {
          name: `scatterRows of numbers ${name}`,
          value: o.scatterRows(parameter("x", [4]), indices, 7, distinct),
          shape: [7],
          ...shared,
        },
        {
          name: `scatterRows of matrices ${name}`,
          value: o.scatterRows(parameter("x", [4, 2, 3]), indices, 7, distinct),
          shape: [7, 2, 3],
          ...shared,
        },
      ];
    })
  ),
  {
    name: "scatterRows with duplicates",
    value: o.scatterRows(parameter("x", ["batch", 3]), input("i", ["batch", 1], "int64"), 7, false),
    shape: [7, 3],
    symbols: [{ batch: 5 }, { batch: 12 }],
    draws: { i: below(3) },
  },
  {
    name: "scatterRows to symbolic rows",
    value: o.add(
      o.scatterRows(parameter("x", ["batch", 3]), input("i", ["batch", 1], "int64"), "batch*tail", true),
      o.reduceSum(parameter("witness", ["tail"]), [0]),
    ),
    shape: ["batch*tail", 3],
    symbols,
    draws: { i: (_, offset, { tail }) => offset * tail! },
  },
];

const losses: OperationCase[] = [
  {
    name: "crossEntropy",
    value: o.crossEntropy(logits, labels),
    shape: ["labelled", 1],
    symbols,
    draws: { labels: below(classes) },
  },
  {
    name: "crossEntropy of a confident mistake",
    value: o.crossEntropy(logits, labels),
    shape: ["labelled", 1],
    symbols,
    draws: mistaken(200),
  },
  {
    name: "crossEntropy of a confident hit",
    value: o.crossEntropy(logits, labels),
    shape: ["labelled", 1],
    symbols,
    draws: mistaken(-200),
  },
  {
    name: "crossEntropy far from zero",
    value: o.crossEntropy(logits, labels),
    shape: ["labelled", 1],
    symbols,
    draws: { labels: below(classes), logits: between(9000, 9002) },
    step: 1e-3,
  },
  {
    name: "crossEntropy of equal logits",
    value: o.crossEntropy(logits, labels),
    shape: ["labelled", 1],
    symbols,
    draws: { labels: below(classes), logits: () => 3 },
  },
  {
    name: "crossEntropyGradient",
    value: o.crossEntropyGradient(logits, labels),
    shape: logits.shape,
    symbols,
    draws: { labels: below(classes) },
    gradient: "refused",
  },
  {
    name: "crossEntropyGradient of a confident mistake",
    value: o.crossEntropyGradient(logits, labels),
    shape: logits.shape,
    symbols,
    draws: mistaken(200),
    gradient: "refused",
  },
];

export const indexingCases: OperationCase[] = [...gathers, ...scatters, ...losses];

const floats = parameter("i", [4]);
const four = input("i", [4], "int64");

export const indexingRefusals: Refusal[] = [
  ["rows by floats", () => o.gatherRows(x, floats)],
  ["rows of a number", () => o.gatherRows(parameter("x", []), four)],
  ["a scatter by floats", () => o.scatterRows(parameter("x", [4, 3]), floats, 7, true)],
  ["a scatter by a cube", () => o.scatterRows(parameter("x", [4, 3]), input("i", [4, 1, 1], "int64"), 7, true)],
  ["a scatter by a matrix", () => o.scatterRows(parameter("x", [4, 3]), input("i", [2, 2], "int64"), 7, true)],
  ["a scatter of fewer rows than indices", () => o.scatterRows(parameter("x", [3, 3]), four, 7, true)],
  ["a scatter of a number", () => o.scatterRows(parameter("x", []), four, 7, true)],
  ["labels without their own axis", () => o.crossEntropy(parameter("logits", [4, classes]), four)],
  [
    "a different number of labels",
    () => o.crossEntropy(parameter("logits", [3, classes]), input("l", [4, 1], "int64")),
  ],
  ["labels as floats", () => o.crossEntropy(logits, parameter("l", ["labelled", 1]))],
  ["logits of three axes", () => o.crossEntropy(parameter("l", ["labelled", 1, 5]), labels)],
  [
    "a gradient with a different number of labels",
    () => o.crossEntropyGradient(parameter("logits", [3, classes]), input("l", [4, 1], "int64")),
  ],
];
