/**
 * Nodes written by hand: what a program is fed by its host, a model file has to compute itself, with the whole numbers and
 * truth values that programs do not have.
 *
 * @module
 */
import { create } from "@bufbuild/protobuf";
import {
  type NodeProto,
  NodeProtoSchema,
  type TensorProto,
  TensorProto_DataType as OnnxType,
  TensorProtoSchema,
} from "onnx-buf";
import { type Dimension, type Shape, termsOf } from "../../../ops/program/dimension.ts";
import { encodeAttribute } from "../../../ops/onnx/messages.ts";
import type { OnnxAttribute, TensorName } from "../../../ops/table/definition.ts";

/** Element types that a tensor may be cast to. */
export const elementTypes = { float: OnnxType.FLOAT, double: OnnxType.DOUBLE, bool: OnnxType.BOOL } as const;

/** Nodes and constants in the making. */
export class NodeWriter {
  readonly nodes: NodeProto[] = [];
  readonly initializers: TensorProto[] = [];
  readonly #extents: ReadonlyMap<string, () => TensorName>;
  readonly #known = new Map<string, TensorName>();

  /** @param symbols How the extent of each symbol is found, int64 [1]. */
  constructor(symbols: Readonly<Record<string, (write: NodeWriter) => TensorName>>) {
    this.#extents = new Map(Object.entries(symbols).map(([symbol, find]) => [symbol, () => find(this)]));
  }

  /** A node with one result. */
  node(
    type: string,
    inputs: readonly TensorName[],
    attributes: Readonly<Record<string, OnnxAttribute>> = {},
  ): TensorName {
    return this.#once(JSON.stringify([type, inputs, attributes]), (name) => {
      this.nodes.push(create(NodeProtoSchema, {
        opType: type,
        name,
        input: [...inputs],
        output: [name],
        attribute: Object.entries(attributes).map(([key, attribute]) => encodeAttribute(key, attribute)),
      }));
    }, type);
  }

  /** Whole numbers, int64: a list, or one of no axes. */
  integers(elements: readonly number[] | number): TensorName {
    const [list, dims] = typeof elements === "number" ? [[elements], []] : [elements, [elements.length]];
    return this.#constant(OnnxType.INT64, dims, new Uint8Array(BigInt64Array.from(list, BigInt).buffer));
  }

  /** Numbers, float32 or float64. */
  floats(elements: readonly number[], dims: readonly number[] = [], type: "float" | "double" = "float"): TensorName {
    const data = type === "float" ? Float32Array.from(elements) : Float64Array.from(elements);
    return this.#constant(elementTypes[type], dims, new Uint8Array(data.buffer));
  }

  /** A tensor with elements of another type. */
  cast(x: TensorName, to: keyof typeof elementTypes): TensorName {
    return this.node("Cast", [x], { to: { int: elementTypes[to] } });
  }

  /** A tensor with further axes of extent 1. */
  unsqueeze(x: TensorName, axes: readonly number[]): TensorName {
    return this.node("Unsqueeze", [x, this.integers(axes)]);
  }

  /** The extent of a tensor's axis, int64 [1]. */
  extentOf(x: TensorName, axis: number): TensorName {
    return this.node("Shape", [x], { start: { int: axis }, end: { int: axis + 1 } });
  }

  /** An extent, int64 [1]. */
  extent(dimension: Dimension): TensorName {
    const terms = termsOf(dimension).map(({ factor, symbols }) => {
      const factors = symbols.map((symbol) => {
        const find = this.#extents.get(symbol);
        if (find === undefined) throw new TypeError(`Nothing tells how long ${symbol} is`);
        return find();
      });
      return [...(factor === 1 && factors.length > 0 ? [] : [this.integers([factor])]), ...factors]
        .reduce((product, each) => this.node("Mul", [product, each]));
    });
    return terms.length === 0 ? this.integers([0]) : terms.reduce((sum, each) => this.node("Add", [sum, each]));
  }

  /** A list of extents, int64. */
  extents(shape: Shape): TensorName {
    return this.node("Concat", shape.map((dimension) => this.extent(dimension)), { axis: { int: 0 } });
  }

  /** The whole numbers from one extent up to another, int64. */
  range(from: Dimension, to: Dimension): TensorName {
    const scalar = (dimension: Dimension) => this.node("Squeeze", [this.extent(dimension), this.integers([0])]);
    return this.node("Range", [scalar(from), scalar(to), this.integers(1)]);
  }

  #constant(dataType: OnnxType, dims: readonly number[], rawData: Uint8Array<ArrayBuffer>): TensorName {
    return this.#once(`${dataType}[${dims}]${rawData}`, (name) => {
      this.initializers.push(create(TensorProtoSchema, { name, dataType, dims: dims.map(BigInt), rawData }));
    }, "Constant");
  }

  #once(key: string, write: (name: TensorName) => void, type: string): TensorName {
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const name = `places.${type}.${this.#known.size}`;
    this.#known.set(key, name);
    write(name);
    return name;
  }
}
