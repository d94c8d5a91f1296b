/**
 * Programs as ONNX models. Only this folder and the table's emission rules depend on the execution provider.
 *
 * @module
 */
import { create, toBinary } from "@bufbuild/protobuf";
import { GraphProtoSchema, ModelProtoSchema, OperatorSetIdProtoSchema } from "onnx-buf";
import type { TensorName } from "../onnx/graph_writer.ts";
import { type Emission, emissions } from "../onnx/providers.ts";
import { describeTensor } from "../onnx/messages.ts";
import type { FedTensor, OnnxModel, Provider, WeightLocation } from "../onnx/model.ts";
import { isWidenedWeight } from "../passes/cost.ts";
import type { Shape } from "../program/dimension.ts";
import { type DataType, isConstant, isLeaf, leafName, type Program, valuesOf } from "../program/program.ts";
import { definitionOf, isOperation } from "../table/mod.ts";
import { joinedProducts } from "./joined_products.ts";
import { ProgramWriter } from "./program_writer.ts";

const opset = 23;
const irVersion = 11n;

/** Properties of the session that a graph is written for. */
interface EmitOptions {
  /** Whether the session packs weights, that is, copies them into the order in which matrix products read them. */
  readonly packs?: boolean;
  /** How the graph is written, if not as usual for the provider. */
  readonly emission?: Emission;
}

/**
 * The ONNX model of a program for a provider.
 *
 * @param locate Returns where a weight's bytes are, given its name.
 */
export function emitOnnx(
  program: Program,
  provider: Provider,
  locate: (name: string) => WeightLocation,
  { packs = false, emission = emissions[provider] }: EmitOptions = {},
): OnnxModel {
  const joined = packs ? joinedProducts(program, locate) : undefined;
  const write = new ProgramWriter(emission.kernels, packs, locate, joined);
  const fed: FedTensor[] = [];
  for (const value of valuesOf(program)) {
    // Each use widens it again: a wide copy shared by the forward and backward passes would stay in memory between
    // them.
    if (isWidenedWeight(value)) continue;
    if (isOperation(value)) {
      write.define(value, definitionOf(value.op).onnx(write, value));
    } else if (isConstant(value)) {
      write.define(value, write.floats(value.attributes.elements, value.shape));
    } else if (value.op === "weight") {
      write.weight(value);
    } else {
      const name = leafName(value);
      write.define(value, name);
      fed.push({ name, shape: value.shape, dtype: value.dtype });
    }
  }
  nameResults(program, write);
  const outputs = Object.entries(program.outputs).map(([name, { shape, dtype }]) => ({ name, shape, dtype }));
  const bytes = encode(program.name, emission, write, fed, outputs);
  return { name: program.name, provider, bytes, fed, weights: write.weights, extents: write.extentLists, outputs };
}

/** Names the results. A leaf that is also a result, and each additional name of a result, needs a node of its own. */
function nameResults(program: Program, write: ProgramWriter): void {
  const named = new Map<TensorName, string>();
  for (const [name, value] of Object.entries(program.outputs)) {
    const tensor = write.of(value);
    if (isLeaf(value) || named.has(tensor)) {
      named.set(write.node("Identity", [tensor], { result: { text: name } }), name);
    } else named.set(tensor, name);
  }
  for (const node of write.graph.nodes) {
    node.input = node.input.map((name) => named.get(name) ?? name);
    node.output = node.output.map((name) => named.get(name) ?? name);
    if (node.opType === "Identity") node.attribute = [];
  }
}

function encode(
  name: string,
  { declaresShapes }: Emission,
  { graph, extentLists }: ProgramWriter,
  fed: readonly FedTensor[],
  outputs: readonly FedTensor[],
): Uint8Array<ArrayBuffer> {
  const describe = (name: string, dtype: DataType, shape: Shape) =>
    describeTensor(name, dtype, declaresShapes ? shape : undefined);
  const model = create(ModelProtoSchema, {
    irVersion,
    producerName: "refract",
    graph: create(GraphProtoSchema, {
      name,
      node: graph.nodes,
      initializer: graph.initializers,
      input: [
        ...fed.map(({ name, dtype, shape }) => describe(name, dtype, shape)),
        ...extentLists.map(({ name, shape, parts }) => describe(name, "int64", [parts ?? shape.length])),
      ],
      output: outputs.map(({ name, dtype, shape }) => describe(name, dtype, shape)),
    }),
    opsetImport: [
      create(OperatorSetIdProtoSchema, { domain: "", version: BigInt(opset) }),
      create(OperatorSetIdProtoSchema, { domain: "com.microsoft", version: 1n }),
    ],
  });
  return new Uint8Array(toBinary(ModelProtoSchema, model));
}
