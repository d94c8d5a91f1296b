/** The nodes and constants of a graph under construction. @module */
import { create } from "@bufbuild/protobuf";
import { type NodeProto, NodeProtoSchema, type TensorProto, TensorProtoSchema } from "onnx-buf";
import { type ElementType, elementTypes } from "./element_types.ts";
import type { OnnxAttributes, TensorName } from "./graph_writer.ts";
import { encodeAttribute } from "./messages.ts";

/** How a graph names the tensors and nodes that are added to it. */
interface Naming {
  /** @param count How many tensors were named before. */
  tensor(type: string, count: number): TensorName;
  /** @param count How many nodes there were before. */
  node(type: string, count: number, output: TensorName): string;
}

/** The properties of a node apart from its operation and operands. */
interface NodeOptions {
  readonly attributes: OnnxAttributes;
  readonly domain?: string | undefined;
  /** The index at which the node is inserted; the end if omitted. */
  readonly at?: number | undefined;
}

/** Collects the protobuf messages of nodes and constants. */
export class Graph {
  readonly nodes: NodeProto[] = [];
  readonly initializers: TensorProto[] = [];
  readonly #naming: Naming;
  readonly #written = new Map<string, readonly TensorName[]>();
  #tensors = 0;

  constructor(naming: Naming) {
    this.#naming = naming;
  }

  /** The result of `write` for a key, called once for each key. */
  once(key: string, write: () => readonly TensorName[]): readonly TensorName[] {
    return this.#written.getOrInsertComputed(key, write);
  }

  /** Adds a node and names its outputs. */
  add(type: string, inputs: readonly TensorName[], outputs: number, options: NodeOptions): readonly TensorName[] {
    const output = Array.from({ length: outputs }, () => this.#name(type));
    const node = create(NodeProtoSchema, {
      opType: type,
      name: this.#naming.node(type, this.nodes.length, output[0]!),
      ...options.domain === undefined ? {} : { domain: options.domain },
      input: [...inputs],
      output,
      attribute: Object.entries(options.attributes).map(([name, each]) => encodeAttribute(name, each)),
    });
    this.nodes.splice(options.at ?? this.nodes.length, 0, node);
    return output;
  }

  /** Numbers in row-major order. */
  floats(elements: readonly number[], shape: readonly number[], type: "float32" | "float64"): TensorName {
    const data = type === "float32" ? Float32Array.from(elements) : Float64Array.from(elements);
    return this.#constant(type, shape, new Uint8Array(data.buffer));
  }

  /** Integers (int64): a list, or one number as a tensor without axes. */
  integers(elements: readonly number[] | number): TensorName {
    const [list, shape] = typeof elements === "number" ? [[elements], []] : [elements, [elements.length]];
    return this.#constant("int64", shape, new Uint8Array(BigInt64Array.from(list, BigInt).buffer));
  }

  /** A constant whose bytes are computed only if its key is new. */
  constant(
    key: string,
    type: ElementType,
    shape: readonly number[],
    bytes: () => Uint8Array<ArrayBuffer>,
  ): TensorName {
    const [name] = this.once(key, () => {
      const name = this.#name("Constant"), dims = shape.map(BigInt);
      this.initializers.push(create(TensorProtoSchema, { name, dataType: elementTypes[type], dims, rawData: bytes() }));
      return [name];
    });
    return name!;
  }

  #constant(type: ElementType, shape: readonly number[], bytes: Uint8Array<ArrayBuffer>): TensorName {
    return this.constant(`${type}[${shape}]${bytes}`, type, shape, () => bytes);
  }

  #name(type: string): TensorName {
    return this.#naming.tensor(type, this.#tensors++);
  }
}
