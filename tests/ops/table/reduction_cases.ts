import * as o from "../../../ops/operators.ts";
import { input, parameter } from "../../../ops/program/program.ts";
import { between } from "../support.ts";
import type { OperationCase, Refusal } from "./conformance.ts";

const symbols = [{ batch: 2, tail: 3 }, { batch: 1, tail: 5 }, { batch: 4, tail: 1 }];
const x = parameter("x", ["batch", "tail", 6]);
const fixed = parameter("x", [2, 3, 4]);
const scale = parameter("w", [6]), shift = parameter("b", [6]);
const epsilon = 1e-5;

function folds(op: typeof o.reduceSum, name: string): OperationCase[] {
  return [
    { name: `${name} over the last axis`, value: op(fixed, [-1]), shape: [2, 3] },
    { name: `${name} over the last axis, kept`, value: op(x, [-1], true), shape: ["batch", "tail", 1], symbols },
    { name: `${name} over the first axis`, value: op(fixed, [0]), shape: [3, 4] },
    { name: `${name} over two axes`, value: op(fixed, [2, 0]), shape: [3] },
    { name: `${name} over two axes, kept`, value: op(fixed, [-1, 1], true), shape: [2, 1, 1] },
    { name: `${name} over every axis`, value: op(fixed, [0, 1, 2]), shape: [] },
    { name: `${name} over no axis`, value: op(o.neg(fixed), []), shape: [2, 3, 4] },
  ];
}

export const reductionCases: OperationCase[] = [
  ...folds(o.reduceSum, "reduceSum"),
  { name: "reduceSum over symbolic axes", value: o.reduceSum(x, [0, 1]), shape: [6], symbols },
  { name: "reduceSum over a symbolic axis, kept", value: o.reduceSum(x, [1], true), shape: ["batch", 1, 6], symbols },
  { name: "reduceSum of nothing", value: o.reduceSum(x, [1]), shape: ["batch", 6], symbols: [{ batch: 2, tail: 0 }] },
  ...folds(o.reduceMean, "reduceMean"),
  {
    name: "reduceMean over a symbolic axis",
    value: o.reduceMean(x, [1]),
    shape: ["batch", 6],
    symbols,
    gradient: "refused",
  },
  { name: "softmax", value: o.softmax(x), shape: x.shape, symbols },
  {
    name: "softmax over a symbolic axis",
    value: o.softmax(o.transpose(x, [2, 0, 1])),
    shape: [6, "batch", "tail"],
    symbols,
  },
  { name: "logSumExp", value: o.logSumExp(x), shape: [...x.shape.slice(0, -1), 1], symbols },
  {
    name: "logSumExp of extremes",
    value: o.logSumExp(x),
    shape: [...x.shape.slice(0, -1), 1],
    symbols,
    draws: { x: between(-300, 300) },
  },
  { name: "softmax of extremes", value: o.softmax(x), shape: x.shape, symbols, draws: { x: between(-300, 300) } },
  {
    name: "softmax with masked positions",
    value: o.softmax(o.add(x, input("mask", ["tail", 6]))),
    shape: x.shape,
    symbols,
    draws: { mask: (random, offset) => (offset % 6 > 0 && random.uniform() < 0.5 ? Math.fround(-3.4e38) : 0) },
  },
  { name: "rmsNorm", value: o.rmsNorm(x, scale, epsilon), shape: x.shape, symbols },
  { name: "rmsNorm of a matrix", value: o.rmsNorm(parameter("x", [3, 6]), scale, 0.5), shape: [3, 6] },
  {
    name: "rmsNorm by head",
    value: o.rmsNorm(parameter("x", ["batch", "tail", 2, 6]), scale, epsilon),
    shape: ["batch", "tail", 2, 6],
    symbols,
  },
  {
    name: "rmsNorm of small values",
    value: o.rmsNorm(x, scale, epsilon),
    shape: x.shape,
    symbols,
    draws: { x: between(-0.01, 0.01) },
    step: 1e-7,
  },
  {
    name: "rmsNorm of a frozen value",
    value: o.rmsNorm(input("x", ["batch", "tail", 6]), scale, epsilon),
    shape: x.shape,
    symbols,
  },
  { name: "rmsNorm with a frozen weight", value: o.rmsNorm(x, input("w", [6]), epsilon), shape: x.shape, symbols },
  {
    name: "inverseRms",
    value: o.inverseRms(x, scale, epsilon),
    shape: ["batch", "tail", 1],
    symbols,
    gradient: "refused",
  },
  {
    name: "inverseRms together with rmsNorm",
    value: o.mul(o.inverseRms(x, scale, epsilon), o.rmsNorm(x, scale, epsilon)),
    shape: x.shape,
    symbols,
    gradient: "refused",
  },
  { name: "layerNorm", value: o.layerNorm(x, scale, shift, epsilon), shape: x.shape, symbols },
  {
    name: "layerNorm of a matrix",
    value: o.layerNorm(parameter("x", [3, 6]), scale, shift, 0.5),
    shape: [3, 6],
  },
  {
    name: "layerNorm of a frozen value",
    value: o.layerNorm(input("x", ["batch", "tail", 6]), scale, shift, epsilon),
    shape: x.shape,
    symbols,
  },
  {
    name: "layerNorm with frozen weights",
    value: o.layerNorm(x, input("w", [6]), input("b", [6]), epsilon),
    shape: x.shape,
    symbols,
  },
  {
    name: "layerMean",
    value: o.layerMean(x, scale, shift, epsilon),
    shape: ["batch", "tail", 1],
    symbols,
    gradient: "refused",
  },
  {
    name: "inverseDeviation together with layerNorm",
    value: o.mul(o.inverseDeviation(x, scale, shift, epsilon), o.layerNorm(x, scale, shift, epsilon)),
    shape: x.shape,
    symbols,
    gradient: "refused",
  },
  { name: "topMask", value: o.mul(x, o.topMask(x, 2)), shape: x.shape, symbols },
  { name: "topMask of all", value: o.mul(x, o.topMask(x, 6)), shape: x.shape, symbols },
];

export const reductionRefusals: Refusal[] = [
  ["a missing axis", () => o.reduceSum(fixed, [3])],
  ["an axis before the first", () => o.reduceMean(fixed, [-4])],
  ["an axis named twice", () => o.reduceSum(fixed, [2, -1])],
  ["a softmax of a number", () => o.softmax(parameter("x", []))],
  ["a norm of a number", () => o.rmsNorm(parameter("x", []), scale, epsilon)],
  ["a norm's weight of another width", () => o.rmsNorm(fixed, scale, epsilon)],
  ["a norm's weight of two axes", () => o.rmsNorm(x, parameter("w", [1, 6]), epsilon)],
  ["a norm's weight of another type", () => o.rmsNorm(x, o.cast(scale, "bfloat16"), epsilon)],
  ["a layer norm's bias of another width", () => o.layerNorm(x, scale, parameter("b", [5]), epsilon)],
  ["more of the largest than elements", () => o.topMask(x, 7)],
  ["none of the largest", () => o.topMask(x, 0)],
  ["an inverse root's weight of another width", () => o.inverseRms(fixed, scale, epsilon)],
];
