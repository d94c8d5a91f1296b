import * as o from "../../../ops/operators.ts";
import { input, parameter } from "../../../ops/program/program.ts";
import type { OperationCase, Refusal } from "./conformance.ts";

const symbols = [{ batch: 2, tail: 3, context: 4 }, { batch: 1, tail: 5, context: 0 }, {
  batch: 3,
  tail: 1,
  context: 2,
}];
const x = parameter("x", ["batch", "tail", 6]);
const whole = parameter("x", ["batch", "context+tail", 2]);
const fixed = parameter("x", [2, 3, 4]);
/** Has the extent of each symbol, so that the host can bind it. */
const witness = input("witness", ["batch", "context", "tail"]);

/** The value, in a program that also reads the witness. */
function witnessed(value: typeof x): typeof x {
  return o.add(value, o.mul(o.reduceSum(witness, [0, 1, 2]), 1e-3));
}

const reshapes: OperationCase[] = [
  { name: "reshape", value: o.reshape(fixed, [4, 6]), shape: [4, 6] },
  { name: "reshape to a number", value: o.reshape(parameter("x", [1, 1]), []), shape: [] },
  { name: "reshape of a number", value: o.reshape(parameter("x", []), [1, 1]), shape: [1, 1] },
  {
    name: "reshape splits heads",
    value: o.reshape(x, ["batch", "tail", 2, 3]),
    shape: ["batch", "tail", 2, 3],
    symbols,
  },
  { name: "reshape joins rows", value: o.reshape(x, ["batch*tail", 6]), shape: ["batch*tail", 6], symbols },
  {
    name: "reshape splits rows",
    value: witnessed(o.reshape(parameter("x", ["batch*tail", 6]), ["batch", "tail", 6])),
    shape: ["batch", "tail", 6],
    symbols,
  },
  {
    name: "reshape moves a symbol to another axis",
    value: o.reshape(parameter("x", ["batch", 2, "tail"]), [2, "batch", "tail"]),
    shape: [2, "batch", "tail"],
    symbols,
  },
  {
    name: "reshape of an empty axis",
    value: o.reshape(parameter("x", ["batch", "context", 6]), ["batch", "context", 2, 3]),
    shape: ["batch", "context", 2, 3],
    symbols,
  },
  {
    name: "reshape joins an empty axis",
    value: o.reshape(parameter("x", ["batch", "context", 6]), ["batch*context", 6]),
    shape: ["batch*context", 6],
    symbols,
  },
];

const transposes: OperationCase[] = [
  { name: "transpose of a matrix", value: o.transpose(parameter("x", [2, 3]), [1, 0]), shape: [3, 2] },
  { name: "cyclic transpose", value: o.transpose(fixed, [1, 2, 0]), shape: [3, 4, 2] },
  {
    name: "transpose by head",
    value: o.transpose(parameter("x", ["batch", "tail", 2, 3]), [0, 2, 1, 3]),
    shape: ["batch", 2, "tail", 3],
    symbols,
  },
];

const slices: OperationCase[] = [
  { name: "slice", value: o.slice(fixed, 1, 1, 3), shape: [2, 2, 4] },
  { name: "slice from the start", value: o.slice(fixed, -1, 0, 1), shape: [2, 3, 1] },
  { name: "slice up to the end", value: o.slice(fixed, 2, 3, 4), shape: [2, 3, 1] },
  { name: "slice of nothing", value: o.slice(fixed, 0, 1, 1), shape: [0, 3, 4] },
  {
    name: "slice of the context",
    value: witnessed(o.slice(whole, 1, 0, "context")),
    shape: ["batch", "context", 2],
    symbols,
  },
  {
    name: "slice of the tail",
    value: witnessed(o.slice(whole, 1, "context", "context+tail")),
    shape: ["batch", "tail", 2],
    symbols,
  },
  {
    name: "slice of the last position",
    value: witnessed(o.slice(whole, 1, "context+tail-1", "context+tail")),
    shape: ["batch", 1, 2],
    symbols,
  },
];

const concats: OperationCase[] = [
  { name: "concat", value: o.concat([fixed, parameter("y", [2, 1, 4])], 1), shape: [2, 4, 4] },
  { name: "concat of three", value: o.concat([fixed, parameter("y", [2, 3, 1]), fixed], -1), shape: [2, 3, 9] },
  {
    name: "concat of a cache and new tokens",
    value: o.concat([input("past", ["batch", 2, "context", 3]), parameter("x", ["batch", 2, "tail", 3])], 2),
    shape: ["batch", 2, "context+tail", 3],
    symbols,
  },
  {
    name: "concat along the batch",
    value: o.concat([x, x], 0),
    shape: ["2*batch", "tail", 6],
    symbols,
  },
];

const pads: OperationCase[] = [
  { name: "pad", value: o.pad(fixed, 1, 2, 1), shape: [2, 6, 4] },
  { name: "pad in front", value: o.pad(fixed, -1, 1, 0), shape: [2, 3, 5] },
  {
    name: "pad at the end by a symbol",
    value: witnessed(o.pad(x, 1, 0, "context")),
    shape: ["batch", "context+tail", 6],
    symbols,
  },
  {
    name: "pad on both sides by symbols",
    value: witnessed(o.pad(x, 2, "context", "2*tail+1")),
    shape: ["batch", "tail", "context+2*tail+7"],
    symbols,
  },
];

const expansions: OperationCase[] = [
  { name: "expand", value: o.expand(parameter("x", [3, 1]), [2, 3, 4]), shape: [2, 3, 4] },
  { name: "expand of a number", value: o.expand(parameter("x", []), [2, 3]), shape: [2, 3] },
  {
    name: "expand to symbols",
    value: witnessed(o.expand(parameter("x", [1, 3]), ["batch", "tail", 3])),
    shape: ["batch", "tail", 3],
    symbols,
  },
  {
    name: "expand of a column",
    value: o.expand(parameter("x", ["batch", "tail", 1]), ["batch", "tail", 4]),
    shape: ["batch", "tail", 4],
    symbols,
  },
];

const barriers: OperationCase[] = [
  { name: "barrier", value: o.barrier(fixed, [input("before", [5]), input("scalar", [])]), shape: [2, 3, 4] },
  {
    name: "barrier of symbols",
    value: witnessed(o.barrier(x, [input("before", ["batch", "context", 2])])),
    shape: ["batch", "tail", 6],
    symbols,
  },
];

export const movementCases: OperationCase[] = [
  ...reshapes,
  ...transposes,
  ...slices,
  ...concats,
  ...pads,
  ...expansions,
  ...barriers,
];

export const movementRefusals: Refusal[] = [
  ["a reshape to more elements", () => o.reshape(fixed, [5, 5])],
  ["a reshape to other symbols", () => o.reshape(x, ["batch*context", 6])],
  ["a transpose that omits an axis", () => o.transpose(fixed, [1, 0])],
  ["a transpose that names an axis twice", () => o.transpose(fixed, [1, 1, 0])],
  ["a transpose of more axes", () => o.transpose(fixed, [0, 2, 1, 3])],
  ["a slice along a missing axis", () => o.slice(fixed, 3, 0, 1)],
  ["a slice beyond the end", () => o.slice(fixed, 1, 1, 4)],
  ["a slice before the start", () => o.slice(fixed, 1, -1, 2)],
  ["a slice that ends before it starts", () => o.slice(fixed, 1, 2, 1)],
  ["a concat of nothing", () => o.concat([], 0)],
  ["a concat of other widths", () => o.concat([fixed, parameter("y", [2, 3, 5])], 1)],
  ["a concat of other axes", () => o.concat([fixed, parameter("y", [2, 3])], 0)],
  ["a concat of other types", () => o.concat([fixed, o.cast(fixed, "bfloat16")], 0)],
  ["a concat along a missing axis", () => o.concat([fixed, fixed], 3)],
  ["a pad along a missing axis", () => o.pad(fixed, -4, 1, 1)],
  ["a pad by a negative amount", () => o.pad(fixed, 1, -1, 0)],
  ["a barrier after another type", () => o.barrier(fixed, [input("indices", [2], "int64")])],
  ["an expansion of an extent other than 1", () => o.expand(fixed, [2, 6, 4])],
  ["an expansion to fewer axes", () => o.expand(fixed, [3, 4])],
  ["an expansion that would shrink", () => o.expand(fixed, [2, 3, 1])],
];
