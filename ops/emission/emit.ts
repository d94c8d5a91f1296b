/**
 * Programs as ONNX models. This folder and the table's emission rules are all that knows of execution providers.
 *
 * @module
 */
import { create, toBinary } from "@bufbuild/protobuf";
import {
  GraphProtoSchema,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  type TensorProto,
  TensorProto_DataType as OnnxType,
  TensorProtoSchema,
} from "onnx-buf";
import type { Dimension, Shape } from "../program/dimension.ts";
import { isWidenedWeight } from "../passes/cost.ts";
import { apply } from "../operators.ts";
import { type DataType, isLeaf, leafName, type Program, type Value, valuesOf, weight } from "../program/program.ts";
import type { Emitter, NodeOptions, TensorName } from "../table/definition.ts";
import { definitionOf, isOpName, type OpName } from "../table/mod.ts";
import { describeTensor, encodeAttribute, externalTensor, onnxTypes } from "../onnx/messages.ts";
import type { ExtentList, FedTensor, OnnxModel, Provider, WeightLocation } from "../onnx/model.ts";
import { reshapeTarget } from "./reshape_target.ts";

const opset = 23;
const irVersion = 11n;

/** What of its session a graph is written for. */
export interface EmitOptions {
  /** Whether the session copies weights into the order in which products read them. */
  readonly packs?: boolean;
}

/**
 * The ONNX model of a program for a provider.
 *
 * @param locate Where a weight lies, by its name.
 */
export function emitOnnx(
  program: Program,
  provider: Provider,
  locate: (name: string) => WeightLocation,
  { packs = false }: EmitOptions = {},
): OnnxModel {
  const graph = new GraphWriter(provider, packs, locate);
  const fed: FedTensor[] = [];
  for (const value of valuesOf(program)) {
    // Each use widens it anew: one wide copy for forward and backward pass would have to live from one to the other.
    if (isWidenedWeight(value)) continue;
    if (isOpName(value.op)) {
      graph.define(value, definitionOf(value.op).onnx(graph, value));
    } else if (value.op === "constant") {
      graph.define(value, graph.floats(value.attributes["elements"] as readonly number[], value.shape as number[]));
    } else {
      if (value.op === "weight") graph.weight(value);
      else {
        const name = leafName(value);
        graph.define(value, name);
        fed.push({ name, shape: value.shape, dtype: value.dtype });
      }
    }
  }
  const bytes = graph.finish(program, fed);
  const outputs = Object.entries(program.outputs).map(([name, { shape, dtype }]) => ({ name, shape, dtype }));
  return { name: program.name, provider, bytes, fed, extents: graph.extentLists(), outputs };
}

class GraphWriter implements Emitter {
  readonly provider: Provider;
  readonly packs: boolean;
  readonly #locate: (name: string) => WeightLocation;
  readonly #nodes: NodeProto[] = [];
  readonly #initializers: TensorProto[] = [];
  readonly #names = new Map<Value, TensorName>();
  readonly #written = new Map<string, TensorName[]>();
  readonly #extents = new Map<string, ExtentList>();
  /** Tells the nodes of one use from those of another. */
  #use = "";
  /** How many nodes of the use at hand are written. */
  #used = 0;
  #uses = 0;
  #count = 0;

  constructor(provider: Provider, packs: boolean, locate: (name: string) => WeightLocation) {
    this.provider = provider;
    this.packs = packs;
    this.#locate = locate;
  }

  define(value: Value, name: TensorName): void {
    this.#names.set(value, name);
  }

  of = (value: Value): TensorName => {
    if (isWidenedWeight(value) && isOpName(value.op)) {
      const { op } = value;
      return this.anew(() => definitionOf(op).onnx(this, value));
    }
    const name = this.#names.get(value);
    if (name === undefined) throw new TypeError(`${value.op} is used before it is written`);
    return name;
  };

  node(type: string, inputs: readonly TensorName[], options: NodeOptions = {}): TensorName {
    return this.nodes(type, inputs, 1, options)[0] as TensorName;
  }

  nodes(type: string, inputs: readonly TensorName[], outputs: number, options: NodeOptions = {}): TensorName[] {
    const key = JSON.stringify([type, inputs, outputs, options, this.#use]);
    return this.#once(key, () => {
      const names = Array.from({ length: outputs }, () => this.#fresh());
      // ONNX Runtime runs the operand with the later node first. A widened weight has to wait for the other one, or all
      // of them would be widened before the first product.
      const place = this.#use === "" ? this.#nodes.length : this.#used++;
      this.#nodes.splice(
        place,
        0,
        create(NodeProtoSchema, {
          opType: type,
          name: `${type}.${this.#nodes.length}`,
          domain: options.domain ?? "",
          input: [...inputs],
          output: names,
          attribute: Object.entries(options.attributes ?? {}).map(([name, attribute]) =>
            encodeAttribute(name, attribute)
          ),
        }),
      );
      return names;
    });
  }

  floats(elements: readonly number[], shape: readonly number[] = []): TensorName {
    return this.#constant(OnnxType.FLOAT, shape, new Uint8Array(new Float32Array(elements).buffer));
  }

  fours(element: number, count: number): TensorName {
    const key = `uint4 ${element} ${count}`, bytes = () => new Uint8Array(Math.ceil(count / 2)).fill(element * 17);
    return this.#initialized(key, OnnxType.UINT4, [count], bytes);
  }

  integers(elements: readonly number[]): TensorName {
    const data = new BigInt64Array(elements.map((element) => BigInt(element)));
    return this.#constant(OnnxType.INT64, [elements.length], new Uint8Array(data.buffer));
  }

  extents(shape: Shape): TensorName {
    if (shape.every((dimension) => typeof dimension === "number")) return this.integers(shape);
    const name = `extents(${shape.join()})`;
    this.#extents.set(name, { name, shape });
    return name;
  }

  parts(x: TensorName, length: Dimension, count: number, axis: number): readonly TensorName[] {
    const name = `parts(${length},${count})`;
    this.#extents.set(name, { name, shape: [length], parts: count });
    return this.nodes("Split", [x, name], count, { attributes: { axis: { int: axis } } });
  }

  anew<T>(write: () => T): T {
    [this.#use, this.#used] = [String(++this.#uses), 0];
    const written = write();
    this.#use = "";
    return written;
  }

  reshape(x: TensorName, from: Shape, to: Shape): TensorName {
    const target = reshapeTarget(from, to);
    if (target !== undefined) return this.node("Reshape", [x, this.integers(target)]);
    // An extent of 0 is then an empty axis, not one to copy.
    return this.node("Reshape", [x, this.extents(to)], { attributes: { allowzero: { int: 1 } } });
  }

  weight(value: Value): void {
    this.#initializer(value, this.#locate(leafName(value)));
  }

  rowsOf(widened: Value, start: number, end: number): Value {
    const parts = widened.inputs.map((leaf) => {
      const rows = widened.shape[0] as number, { location, offset, length } = this.#locate(leafName(leaf));
      const each = length / rows, [first, ...rest] = leaf.shape as readonly number[];
      const part = weight(`${leafName(leaf)}[${start}:${end}]`, [first! / rows * (end - start), ...rest], leaf.dtype);
      if (!this.#names.has(part)) {
        this.#initializer(part, { location, offset: offset + each * start, length: each * (end - start) });
      }
      return part;
    });
    return apply(widened.op as OpName, parts, widened.attributes);
  }

  bytesOf(leaf: Value, shape: readonly number[]): TensorName {
    const name = `${leafName(leaf)} as bytes`;
    return this.#once(name, () => {
      this.#initializers.push(externalTensor(name, OnnxType.UINT8, shape, this.#locate(leafName(leaf))));
      return [name];
    })[0] as TensorName;
  }

  #initializer(value: Value, location: WeightLocation): void {
    this.define(value, leafName(value));
    const dims = value.shape as readonly number[];
    this.#initializers.push(externalTensor(leafName(value), onnxTypes[value.dtype], dims, location));
  }

  extentLists(): readonly ExtentList[] {
    return [...this.#extents.values()];
  }

  /** The finished model: results get their names, leaves that are results themselves a node of their own. */
  finish(program: Program, fed: readonly FedTensor[]): Uint8Array<ArrayBuffer> {
    const named = new Map<TensorName, string>();
    for (const [name, value] of Object.entries(program.outputs)) {
      const tensor = this.of(value);
      if (isLeaf(value) || named.has(tensor)) {
        named.set(this.node("Identity", [tensor], { attributes: { result: { text: name } } }), name);
      } else named.set(tensor, name);
    }
    for (const node of this.#nodes) {
      node.input = node.input.map((name) => named.get(name) ?? name);
      node.output = node.output.map((name) => named.get(name) ?? name);
      if (node.opType === "Identity") node.attribute = [];
    }
    // ONNX Runtime 1.30 plans in advance which values share memory, and compares all whose shapes it knows with each
    // other: of 2,000 nodes that takes a second, and was not seen to save time or memory in the runs.
    const tellsShapes = this.provider !== "cpu";
    const describe = (name: string, dtype: DataType, shape: Shape) =>
      describeTensor(name, onnxTypes[dtype], tellsShapes ? shape : undefined);
    const graph = create(GraphProtoSchema, {
      name: program.name,
      node: this.#nodes,
      initializer: this.#initializers,
      input: [
        ...fed.map(({ name, dtype, shape }) => describe(name, dtype, shape)),
        ...this.extentLists().map(({ name, shape, parts }) => describe(name, "int64", [parts ?? shape.length])),
      ],
      output: Object.entries(program.outputs).map(([name, { dtype, shape }]) => describe(name, dtype, shape)),
    });
    const model = create(ModelProtoSchema, {
      irVersion,
      producerName: "refract",
      graph,
      opsetImport: [
        create(OperatorSetIdProtoSchema, { domain: "", version: BigInt(opset) }),
        create(OperatorSetIdProtoSchema, { domain: "com.microsoft", version: 1n }),
      ],
    });
    return new Uint8Array(toBinary(ModelProtoSchema, model));
  }

  #constant(dataType: OnnxType, shape: readonly number[], rawData: Uint8Array<ArrayBuffer>): TensorName {
    return this.#initialized(`${dataType}[${shape}]${rawData}`, dataType, shape, () => rawData);
  }

  #initialized(key: string, dataType: OnnxType, shape: readonly number[], bytes: () => Uint8Array<ArrayBuffer>) {
    return this.#once(key, () => {
      const name = this.#fresh(), dims = shape.map(BigInt);
      this.#initializers.push(create(TensorProtoSchema, { name, dataType, dims, rawData: bytes() }));
      return [name];
    })[0] as TensorName;
  }

  #once(key: string, write: () => TensorName[]): TensorName[] {
    return this.#written.getOrInsertComputed(key, write);
  }

  #fresh(): TensorName {
    return `%${this.#count++}`;
  }
}
