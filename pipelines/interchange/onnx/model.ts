/**
 * A tuned model as one ONNX graph of standard operators that itself computes where tokens are and which are edited.
 *
 * Its inputs and outputs have Optimum's names: `input_ids`, `attention_mask` and `past_key_values.*`, `logits` and
 * `present.*`. Only `prompt_length` is specific to it, and present if an edit acts on some tokens and not on others. An
 * empty past begins a text; `present.*` is the past for what continues from there.
 *
 * @module
 */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { type GraphProto, ModelProtoSchema, OperatorSetIdProtoSchema, StringStringEntryProtoSchema } from "onnx-buf";
import { emitOnnx } from "../../../ops/emission/emit.ts";
import { describeTensor, externalTensor } from "../../../ops/onnx/messages.ts";
import type { WeightLocation } from "../../../ops/onnx/model.ts";
import type { Program } from "../../../ops/program/program.ts";
import type { GraphWriter, TensorName } from "../../../ops/onnx/graph_writer.ts";
import { extentOf } from "../../../ops/onnx/nodes.ts";
import { type Emission, emissions } from "../../../ops/onnx/providers.ts";
import { verify } from "../../../ops/passes/verify.ts";
import type { Adaptation } from "../../compile/lower/adaptation.ts";
import { masksOf } from "../../compile/lower/edit_masks.ts";
import { virtualTokens } from "../../compile/lower/prefix_tuning.ts";
import { exportSymbols } from "../../compile/programs/export_program.ts";
import type { Architecture } from "../../models/architecture/architecture.ts";
import { inputNodes } from "../../models/architecture/model_inputs.ts";
import { editedTensors, type FixedExample } from "./edited.ts";
import { NodeWriter } from "./graph.ts";
import { turnWeights } from "./pretransposed_weights.ts";
import { tokenGrid } from "./token_grid.ts";

/** What a model file is made from. */
interface ExportedModel {
  readonly architecture: Architecture;
  readonly adaptations: readonly Adaptation[];
  /** As returned by `exportProgram`. */
  readonly program: Program;
  readonly example: FixedExample;
  /** Where each weight and each trained tensor is. */
  readonly locate: (name: string) => WeightLocation;
  /** The file's metadata. */
  readonly about: Readonly<Record<string, string>>;
}

/** The lowest opset that has all operators that the graph uses, and the format version that came with it. */
const opset = 18, irVersion = 8n;

/** Only standard operators, because other runtimes have no others; and every product a MatMul, which tools quantize. */
const portable: Emission = { ...emissions.webgpu, kernels: { ...emissions.webgpu.kernels, gemm: false } };

const inputs = { tokens: "input_ids", mask: "attention_mask", promptLength: "prompt_length" } as const;

/** Optimum's names of the extents. */
const extents = {
  batch: "batch_size",
  tokens: "sequence_length",
  past: "past_sequence_length",
  all: "past_sequence_length + sequence_length",
} as const;

const pastName = (block: number, part: string) => `past_key_values.${block}.${part}`;

/** A model file's bytes, and the weights that it reads transposed. */
interface OnnxFile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly turned: ReadonlySet<string>;
}

/**
 * The model file.
 *
 * @throws {RequestError} If the model has a kind of input that no graph can compute.
 */
export function onnxFile(exported: ExportedModel): OnnxFile {
  const { program, locate, about } = exported;
  const emitted = emitOnnx(verify(program), "webgpu", locate, { emission: portable });
  const model = fromBinary(ModelProtoSchema, emitted.bytes), graph = model.graph as GraphProto;
  const symbols = {
    [exportSymbols.batch]: (write: GraphWriter) => extentOf(write, inputs.tokens, 0),
    [exportSymbols.tokens]: (write: GraphWriter) => extentOf(write, inputs.tokens, 1),
    [exportSymbols.past]: (write: GraphWriter) => extentOf(write, pastName(0, "key"), 2),
  };
  const write = new NodeWriter(symbols), given = givenTensors(write, exported);
  for (const { name, shape } of emitted.extents) given.set(name, write.extents(shape));
  for (const { name, shape } of emitted.fed) {
    if (given.has(name)) continue;
    graph.initializer.push(externalTensor(name, "float32", shape as readonly number[], locate(name)));
  }
  for (const node of graph.node) node.input = node.input.map((name) => given.get(name) ?? name);
  const turned = turnWeights(graph);
  graph.node.unshift(...write.graph.nodes);
  graph.initializer.push(...write.graph.initializers);
  Object.assign(graph, describeEnds(exported));
  model.opsetImport = [create(OperatorSetIdProtoSchema, { domain: "", version: BigInt(opset) })];
  model.irVersion = irVersion;
  model.metadataProps = Object.entries(about).map(([key, value]) => {
    return create(StringStringEntryProtoSchema, { key, value });
  });
  return { bytes: new Uint8Array(toBinary(ModelProtoSchema, model)), turned };
}

/** The tensors that replace those that a host would feed. */
function givenTensors(
  write: GraphWriter,
  { architecture, adaptations, example }: ExportedModel,
): Map<string, TensorName> {
  const grid = tokenGrid(write, architecture.heads, inputs.mask, virtualTokens(adaptations));
  const edited = editedTensors(write, grid, masksOf(adaptations), inputs.promptLength, example);
  const past = pastNames(architecture).map(([block, part]) => {
    return [`past.${block}.${part}`, pastName(block, part)] as const;
  });
  return new Map([
    [`${exportSymbols.tokens}.tokens`, inputs.tokens],
    ...past,
    ...inputNodes(exportSymbols.tokens, architecture, write, grid),
    ...edited,
  ]);
}

function pastNames({ blocks }: Architecture): (readonly [block: number, part: string])[] {
  return Array.from({ length: blocks }, (_, block) => [[block, "key"], [block, "value"]] as const).flat();
}

function describeEnds({ architecture, adaptations }: ExportedModel): Pick<GraphProto, "input" | "output"> {
  const { batch, tokens, past, all } = extents, { keyValueHeads, headWidth } = architecture.heads;
  const integers = (name: string, shape: readonly string[]) => describeTensor(name, "int64", shape);
  const floats = (name: string, shape: readonly (string | number)[]) => describeTensor(name, "float32", shape);
  const kept = pastNames(architecture), cache = (length: string) => [batch, keyValueHeads, length, headWidth];
  const isEdited = masksOf(adaptations).length > 0;
  return {
    input: [
      integers(inputs.tokens, [batch, tokens]),
      integers(inputs.mask, [batch, all]),
      ...isEdited ? [integers(inputs.promptLength, [batch])] : [],
      ...kept.map(([block, part]) => floats(pastName(block, part), cache(past))),
    ],
    output: [
      floats("logits", [batch, tokens, architecture.vocabularySize]),
      ...kept.map(([block, part]) => floats(`present.${block}.${part}`, cache(all))),
    ],
  };
}
