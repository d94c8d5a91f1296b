/**
 * Nodes written by hand: what a program is fed by its host, a model file has to compute itself, with the whole numbers and
 * truth values that programs do not have.
 *
 * @module
 */
import { create } from "@bufbuild/protobuf";
import { type NodeProto, NodeProtoSchema, type TensorProto, TensorProtoSchema } from "onnx-buf";
import { type ElementType, elementTypes } from "../../../ops/onnx/element_types.ts";
import type { GraphWriter, OnnxAttributes, OnnxDomain, TensorName } from "../../../ops/onnx/graph_writer.ts";
import { type Dimension, type Shape, termsOf } from "../../../ops/program/dimension.ts";
import { encodeAttribute } from "../../../ops/onnx/messages.ts";

/** Nodes and constants in the making. */
export class NodeWriter implements GraphWriter {
  readonly nodes: NodeProto[] = [];
  readonly initializers: TensorProto[] = [];
  readonly #extents: ReadonlyMap<string, () => TensorName>;
  readonly #known = new Map<string, TensorName>();

  /** @param symbols How the extent of each symbol is found, int64 [1]. */
  constructor(symbols: Readonly<Record<string, (write: GraphWriter) => TensorName>>) {
    this.#extents = new Map(Object.entries(symbols).map(([symbol, find]) => [symbol, () => find(this)]));
  }

  node(
    type: string,
    inputs: readonly TensorName[],
    attributes: OnnxAttributes = {},
    domain?: OnnxDomain,
  ): TensorName {
    return this.#once(JSON.stringify([type, inputs, attributes, domain]), (name) => {
      this.nodes.push(create(NodeProtoSchema, {
        opType: type,
        name,
        ...domain === undefined ? {} : { domain },
        input: [...inputs],
        output: [name],
        attribute: Object.entries(attributes).map(([key, attribute]) => encodeAttribute(key, attribute)),
      }));
    }, type);
  }

  integers(elements: readonly number[] | number): TensorName {
    const [list, dims] = typeof elements === "number" ? [[elements], []] : [elements, [elements.length]];
    return this.#constant("int64", dims, new Uint8Array(BigInt64Array.from(list, BigInt).buffer));
  }

  floats(
    elements: readonly number[],
    shape: readonly number[] = [],
    type: "float32" | "float64" = "float32",
  ): TensorName {
    const data = type === "float32" ? Float32Array.from(elements) : Float64Array.from(elements);
    return this.#constant(type, shape, new Uint8Array(data.buffer));
  }

  extent(dimension: Dimension): TensorName {
    const terms = termsOf(dimension).map(({ factor, symbols }) => {
      const factors = symbols.map((symbol) => {
        const find = this.#extents.get(symbol);
        if (find === undefined) throw new TypeError(`No input of the graph has the extent ${symbol}`);
        return find();
      });
      return [...(factor === 1 && factors.length > 0 ? [] : [this.integers([factor])]), ...factors]
        .reduce((product, each) => this.node("Mul", [product, each]));
    });
    return terms.length === 0 ? this.integers([0]) : terms.reduce((sum, each) => this.node("Add", [sum, each]));
  }

  extents(shape: Shape): TensorName {
    return this.node("Concat", shape.map((dimension) => this.extent(dimension)), { axis: { int: 0 } });
  }

  #constant(type: ElementType, dims: readonly number[], rawData: Uint8Array<ArrayBuffer>): TensorName {
    return this.#once(`${type}[${dims}]${rawData}`, (name) => {
      this.initializers.push(
        create(TensorProtoSchema, { name, dataType: elementTypes[type], dims: dims.map(BigInt), rawData }),
      );
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
