/**
 * Tensor programs as plain data. A {@linkcode Value} is one node of a directed acyclic graph; equal nodes are the same
 * object (hash-consing), so common subexpressions never exist twice. A {@linkcode Program} names some of them as its
 * results.
 *
 * @module
 */
import type { Shape } from "./dimension.ts";

/**
 * Element types. Arithmetic is in `float32`; the 16-bit floats only store weights, `int64` is only for indices, and
 * others are the codes of quantized weights.
 */
export type DataType = "float32" | "float16" | "bfloat16" | "int64" | CodeType;

/** The types of quantization codes: 8 or 4 bits in blocks of 32 numbers, or of 64 where the name says so. */
export type CodeType = "uint8" | "uint4" | "uint8x64" | "uint4x64";

/** A static setting of a node. */
type Attribute = number | string | boolean | readonly (number | string)[];
/** The settings of a node by name. */
export type Attributes = Readonly<Record<string, Attribute>>;

/** One node of a tensor program: a leaf, or an operation of the table. */
export interface Value<Op extends string = string, Settings extends Attributes = Attributes> {
  /** Unique within this process. */
  readonly id: number;
  readonly op: Op;
  readonly inputs: readonly Value[];
  readonly attributes: Settings;
  readonly shape: Shape;
  readonly dtype: DataType;
}

/** A tensor that is part of the program itself. */
export type Constant = Value<"constant", { readonly elements: readonly number[] }> & {
  readonly shape: readonly number[];
};
/** A tensor that comes from outside. */
type NamedLeaf = Value<"input" | "weight" | "parameter", { readonly name: string }>;
/** A node that computes nothing. */
type Leaf = NamedLeaf | Constant;

/** A graph with named results. */
export interface Program {
  readonly name: string;
  readonly outputs: Readonly<Record<string, Value>>;
}

const interned = new Map<string, WeakRef<Value>>();
const collected = new FinalizationRegistry<string>((key) => {
  if (interned.get(key)?.deref() === undefined) interned.delete(key);
});
let created = 0;

/** A JSON replacer that distinguishes values that JSON writes alike: NaN and the infinities, and the two zeros. */
export function exactNumbers(_: string, setting: unknown): unknown {
  if (Object.is(setting, -0)) return "#-0";
  return typeof setting === "number" && !Number.isFinite(setting) ? `#${setting}` : setting;
}

/** The node with these parts: an existing one if there is one, else a new one. */
export function intern(parts: Omit<Value, "id">): Value {
  const { op, inputs, attributes, shape, dtype } = parts;
  const settings = JSON.stringify(attributes, exactNumbers);
  const key = `${op}(${inputs.map((input) => input.id).join()})${settings}${dtype}[${shape.join()}]`;
  const known = interned.get(key)?.deref();
  if (known !== undefined) return known;
  const value: Value = Object.freeze({ id: created++, op, inputs, attributes, shape, dtype });
  interned.set(key, new WeakRef(value));
  collected.register(value, key);
  return value;
}

/** A tensor that is fed to each run. */
export function input(name: string, shape: Shape, dtype: DataType = "float32"): Value {
  return intern({ op: "input", inputs: [], attributes: { name }, shape, dtype });
}

/** A frozen tensor, by its name in the model's safetensors files, of the type in which it is stored. */
export function weight(name: string, shape: Shape, dtype: DataType = "float32"): Value {
  return intern({ op: "weight", inputs: [], attributes: { name }, shape, dtype });
}

/** A trainable tensor, which is fed to each run and whose updated value a training step returns. */
export function parameter(name: string, shape: Shape): Value {
  return intern({ op: "parameter", inputs: [], attributes: { name }, shape, dtype: "float32" });
}

/** A small tensor that is part of the program itself, with its elements in row-major order. */
export function constant(elements: readonly number[], shape: readonly number[] = []): Value {
  return intern({ op: "constant", inputs: [], attributes: { elements }, shape, dtype: "float32" });
}

/** A number as a tensor without axes. */
export function scalar(number: number): Value {
  return constant([number]);
}

/** Whether a value is a constant. */
export function isConstant(value: Value): value is Constant {
  return value.op === "constant";
}

/** Whether a value is a leaf that was declared with a name. */
export function isNamedLeaf(value: Value): value is NamedLeaf {
  return value.op === "input" || value.op === "weight" || value.op === "parameter";
}

/** Whether a value is a leaf of the graph. */
export function isLeaf(value: Value): value is Leaf {
  return isConstant(value) || isNamedLeaf(value);
}

/**
 * The name that a leaf (other than a constant) was declared with.
 *
 * @throws {TypeError} If the value has none.
 */
export function leafName(value: Value): string {
  if (!isNamedLeaf(value)) throw new TypeError(`${value.op} has no name`);
  return value.attributes.name;
}

/**
 * Every value that the results depend on, inputs before their users. The order depends only on the structure of the
 * graph (depth first from the first result), so that equal programs are listed identically in every process.
 */
export function topologicalOrder(results: Iterable<Value>): Value[] {
  const order: Value[] = [];
  const entered = new Set<Value>();
  const stack = [...results].reverse().map((value) => ({ value, next: 0 }));
  while (stack.length > 0) {
    const frame = stack[stack.length - 1]!;
    if (frame.next === 0) {
      if (entered.has(frame.value)) {
        stack.pop();
        continue;
      }
      entered.add(frame.value);
    }
    const child = frame.value.inputs[frame.next++];
    if (child === undefined) {
      order.push(frame.value);
      stack.pop();
    } else if (!entered.has(child)) stack.push({ value: child, next: 0 });
  }
  return order;
}

/** Every value of a program, inputs before their users. */
export function valuesOf(program: Program): Value[] {
  return topologicalOrder(Object.values(program.outputs));
}

/** The leaves of one kind that a program reads, sorted by name. */
export function leavesOf(program: Program, op: NamedLeaf["op"]): Value[] {
  return valuesOf(program).filter((value) => value.op === op)
    .sort((a, b) => (leafName(a) < leafName(b) ? -1 : 1));
}

/** The values that depend on any of the given ones, including those. */
export function dependants(order: readonly Value[], sources: Iterable<Value>): Set<Value> {
  const reached = new Set(sources);
  for (const value of order) if (value.inputs.some((input) => reached.has(input))) reached.add(value);
  return reached;
}
