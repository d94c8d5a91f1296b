import * as o from "../../../ops/operators.ts";
import { parameter, type Value } from "../../../ops/program/program.ts";
import { between, type Draw } from "../support.ts";
import type { OperationCase, Refusal } from "./conformance.ts";

const sizes = [{ batch: 2, tail: 3 }, { batch: 1, tail: 5 }, { batch: 4, tail: 1 }];
const x = parameter("x", ["batch", "tail", 3]);
const positive = between(0.2, 3);
/** Avoids whole numbers, where truncation and the sign jump. */
const betweenWholes: Draw = (random) => Math.fround(random.integer(7) - 3 + 0.2 + 0.6 * random.uniform());
const extreme: Draw = (random) => Math.fround(60 * random.uniform() - 30);

function unaryCases(
  op: (x: Value) => Value,
  name: string,
  options: Partial<Pick<OperationCase, "draws" | "gradient">> = {},
): OperationCase[] {
  const scalar = parameter("x", []);
  return [
    { name: `${name} of a batch`, value: op(x), shape: x.shape, symbols: sizes, ...options },
    { name: `${name} of a number`, value: op(scalar), shape: [], ...options },
  ];
}

function saturated(op: (x: Value) => Value, name: string): OperationCase {
  return { name: `${name} of extremes`, value: op(x), shape: x.shape, symbols: sizes, draws: { x: extreme } };
}

const binaryOperations = { add: o.add, sub: o.sub, mul: o.mul, div: o.div, min: o.min, max: o.max };

function binaryCases(name: keyof typeof binaryOperations): OperationCase[] {
  const op = binaryOperations[name];
  const shared = {
    symbols: sizes,
    ...(name === "div" ? { draws: { y: positive } } : {}),
    ...(name === "min" || name === "max" ? { gradient: "refused" } as const : {}),
  };
  const y = (...shape: (string | number)[]) => parameter("y", shape);
  return [
    { name: `${name} of equal shapes`, value: op(x, y("batch", "tail", 3)), shape: x.shape, ...shared },
    { name: `${name} with a row`, value: op(x, y(3)), shape: x.shape, ...shared },
    { name: `${name} with a column`, value: op(x, y("tail", 1)), shape: x.shape, ...shared },
    {
      name: `${name} with both operands broadcast`,
      value: op(parameter("x", ["batch", 1, 3]), y("tail", 1)),
      shape: ["batch", "tail", 3],
      ...shared,
    },
    {
      name: `${name} with an operand of more axes`,
      value: op(parameter("x", []), y("batch", "tail")),
      shape: ["batch", "tail"],
      ...shared,
    },
    { name: `${name} with a number`, value: op(x, 1.5), shape: x.shape, ...shared },
    { name: `${name} of a number`, value: op(-1.5, y("batch", "tail", 1)), shape: ["batch", "tail", 1], ...shared },
  ];
}

/** Multiples of 1/8 survive the narrow types unrounded, and so do differences of 1/8. */
const eighths: Draw = (random) => (random.integer(33) - 16) / 8;

export const elementwiseCases: OperationCase[] = [
  ...(["add", "sub", "mul", "div", "min", "max"] as const).flatMap(binaryCases),
  { name: "mul of a value by itself", value: o.mul(x, x), shape: x.shape, symbols: sizes },
  { name: "div of a value by itself", value: o.div(x, x), shape: x.shape, symbols: sizes, draws: { x: positive } },
  {
    name: "add with an empty axis",
    value: o.add(x, parameter("y", [3])),
    shape: x.shape,
    symbols: [{ batch: 2, tail: 0 }],
  },
  ...unaryCases(o.neg, "neg"),
  ...unaryCases(o.exp, "exp"),
  ...unaryCases(o.log, "log", { draws: { x: positive } }),
  ...unaryCases(o.sqrt, "sqrt", { draws: { x: positive } }),
  ...unaryCases(o.cos, "cos"),
  ...unaryCases(o.sin, "sin"),
  ...unaryCases(o.tanh, "tanh"),
  ...unaryCases(o.detach, "detach", { gradient: "zero" }),
  ...unaryCases(o.sigmoid, "sigmoid"),
  ...unaryCases(o.silu, "silu"),
  ...unaryCases(o.softplus, "softplus"),
  ...unaryCases(o.relu, "relu"),
  ...unaryCases(o.erf, "erf"),
  ...unaryCases(o.gelu, "gelu"),
  ...unaryCases(o.geluTanh, "geluTanh"),
  ...unaryCases((x) => o.clamp(x, -0.5, 1), "clamp"),
  ...unaryCases(o.sign, "sign", { gradient: "zero", draws: { x: betweenWholes } }),
  ...unaryCases(o.truncate, "truncate", { gradient: "zero", draws: { x: betweenWholes } }),
  {
    name: "truncate of whole numbers",
    value: o.truncate(x),
    shape: x.shape,
    symbols: sizes,
    gradient: "zero",
    draws: { x: (random) => random.integer(5) - 2 },
  },
  saturated(o.tanh, "tanh"),
  saturated(o.sigmoid, "sigmoid"),
  saturated(o.silu, "silu"),
  saturated(o.softplus, "softplus"),
  saturated(o.erf, "erf"),
  saturated(o.gelu, "gelu"),
  saturated(o.geluTanh, "geluTanh"),
  saturated((x) => o.clamp(x, -0.5, 1), "clamp"),
  ...(["float16", "bfloat16"] as const).flatMap((type): OperationCase[] => [
    {
      name: `cast to ${type} and back`,
      value: o.cast(o.cast(x, type), "float32"),
      shape: x.shape,
      symbols: sizes,
      draws: { x: eighths, cotangent: eighths },
      cpuOnly: true,
      step: 1 / 8,
    },
    {
      name: `cast to ${type} rounds`,
      value: o.cast(o.cast(x, type), "float32"),
      shape: x.shape,
      symbols: sizes,
      gradient: "stepped",
      cpuOnly: true,
    },
  ]),
];

const index = parameter("i", [3]);

export const elementwiseRefusals: Refusal[] = [
  ["axes that do not broadcast", () => o.add(parameter("x", [2, 3]), parameter("y", [2]))],
  ["different symbols", () => o.mul(parameter("x", ["batch"]), parameter("y", ["tail"]))],
  ["a symbol against a number", () => o.sub(parameter("x", ["batch"]), parameter("y", [2]))],
  ["types that differ", () => o.add(o.cast(index, "float16"), index)],
];
