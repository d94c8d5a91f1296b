/** The two files of an exported model: its graph, and its tensors. @module */
import { ownValue } from "../../../ops/program/own_value.ts";
import { join } from "node:path";
import { type DataType, leafName, leavesOf, type Program } from "../../../ops/program/program.ts";
import type { Adaptation } from "../../compile/lower/adaptation.ts";
import type { TensorMap } from "../../compile/parameters/initial.ts";
import { exportProgram } from "../../compile/programs/export_program.ts";
import type { Architecture } from "../../models/architecture/architecture.ts";
import { unwritable } from "../../common/files.ts";
import type { ModelWeights } from "../../models/open/model.ts";
import { rounded } from "../../models/weights/quantization.ts";
import type { QuantizedMatrices } from "../../models/open/quantized_weights.ts";
import { type HeldTensor, locateTensors, writeTensorData } from "./data.ts";
import type { FixedExample } from "./edited.ts";
import { onnxFile } from "./model.ts";

/** The files' names. */
export const onnxFiles = { graph: "model.onnx", data: "model.onnx_data" } as const;

/** A model with its trained tensors. */
export interface TunedWeights {
  readonly architecture: Architecture;
  readonly weights: Pick<ModelWeights, "storedType" | "record">;
  readonly adaptations: readonly Adaptation[];
  /** The trained tensors in saved form. */
  readonly tensors: TensorMap;
  readonly example: FixedExample;
  /** The type of the base model's weights; their own if omitted. */
  readonly dtype?: DataType | undefined;
  /** The matrices that were quantized when the rest was trained: they are stored as the dequantized numbers. */
  readonly quantized?: QuantizedMatrices | undefined;
  /** The file's metadata. */
  readonly about: Readonly<Record<string, string>>;
}

/**
 * Writes the files.
 *
 * @param folder A temporary folder.
 * @param out The folder's name in an error.
 * @throws {DiskError} If they cannot be written.
 */
export async function writeOnnxFiles(folder: string, out: string, tuned: TunedWeights): Promise<void> {
  const { architecture, adaptations, example, about } = tuned;
  const changes = roundings(tuned);
  const ownType = (name: string) => changes.has(name) ? "float32" : tuned.weights.storedType(name);
  const storedType = (name: string) => tuned.dtype ?? ownType(name);
  const program = exportProgram({ architecture, storedType, members: [adaptations], full: false });
  const held = heldTensors(program, tuned, changes), locations = locateTensors(onnxFiles.data, held);
  const locate = (name: string) => {
    const location = locations.get(name);
    if (location === undefined) throw new TypeError(`Nothing gives the tensor ${name}`);
    return location;
  };
  const { bytes, turned } = onnxFile({ architecture, adaptations, program, example, locate, about });
  await Deno.writeFile(join(folder, onnxFiles.graph), bytes).catch((fault: unknown) => {
    throw unwritable(join(out, onnxFiles.graph), fault);
  });
  await writeTensorData(join(folder, onnxFiles.data), join(out, onnxFiles.data), held.map(turnedIn(turned)), locations);
}

const turnedIn = (turned: ReadonlySet<string>) => (tensor: HeldTensor): HeldTensor =>
  turned.has(tensor.name) ? { ...tensor, isTurned: true } : tensor;

type Changes = ReadonlyMap<string, NonNullable<HeldTensor["change"]>>;

/** How the weights that were quantized are changed. */
function roundings({ quantized = new Map() }: TunedWeights): Changes {
  return new Map([...quantized].map(([name, { columns, type }]) => [name, (matrix) => rounded(matrix, columns, type)]));
}

function heldTensors(program: Program, { weights, tensors }: TunedWeights, changes: Changes): HeldTensor[] {
  const stored = leavesOf(program, "weight").map((value): HeldTensor => {
    const name = leafName(value), shape = value.shape as number[], change = changes.get(name);
    const held = { name, dtype: value.dtype, shape, source: weights.record(name) };
    return change === undefined ? held : { ...held, change };
  });
  const trained = leavesOf(program, "parameter").map((value): HeldTensor => {
    const { data } = ownValue(tensors, leafName(value))!;
    return {
      name: leafName(value),
      dtype: "float32",
      shape: value.shape as number[],
      source: data as Float32Array<ArrayBuffer>,
    };
  });
  return [...stored, ...trained];
}
