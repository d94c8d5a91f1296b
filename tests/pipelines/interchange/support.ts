/** Folders as pyreft saves them, and hand-made pickles and archives for tests of damaged ones. @module */
import { zipSync } from "fflate";
import { type TorchTensor, writeTorchFile } from "../../../pipelines/interchange/torch_file.ts";
import { inProcess, type Outcome } from "../../support/command.ts";
import type { Scene } from "../../support/scene.ts";

/** The width of the scene's model, and the rank of the intervention. */
export const width = 16, rank = 2;

/** The name of an intervention at the output of block 1. */
export function keyOf(index: number): string {
  return `layer_1_comp_block_output_unit_pos_nunit_1#${index}`;
}

/** Columns of the identity, which are orthonormal. */
const rotate = Float32Array.from({ length: width * rank }, (_, at) => (Math.floor(at / rank) === at % rank ? 1 : 0));

/** A valid state dictionary of LoReFT. */
export const state: Readonly<Record<string, TorchTensor>> = {
  weight: { shape: [rank, width], data: Float32Array.from({ length: rank * width }, (_, at) => at / 7) },
  bias: { shape: [rank], data: Float32Array.of(0.25, -3) },
  rotate_layer: { shape: [width, rank], data: rotate },
};

/** A valid state dictionary of NoReFT, or of DiReFT without a rotation. */
export const freeState: Readonly<Record<string, TorchTensor>> = {
  "proj_layer.weight": state["weight"]!,
  "learned_source.weight": state["weight"]!,
  "learned_source.bias": state["bias"]!,
};

/** A valid config.json. */
export const config = {
  intervention_types: ["<class 'pyreft.interventions.LoreftIntervention'>"],
  representations: [[1, "block_output", "pos", 1, rank]],
  sorted_keys: [keyOf(0)],
};

/** The path of a state dictionary. */
export function bin(scene: Scene, index = 0): string {
  return scene.path("pyreft", `intkey_${keyOf(index)}.bin`);
}

/** Writes a valid folder, or one with changes. */
export async function writePyreft(
  scene: Scene,
  changed: Readonly<Record<string, unknown>> = {},
  tensors: Readonly<Record<string, TorchTensor>> = state,
): Promise<void> {
  await Deno.mkdir(scene.path("pyreft"));
  await scene.write("pyreft/config.json", JSON.stringify({ ...config, ...changed }));
  await writeTorchFile(bin(scene), "archive", tensors);
}

/** Imports the scene's folder. */
export function importing(scene: Scene, ...options: readonly string[]): Promise<Outcome> {
  const places = ["--model", scene.path("model"), "--out", scene.path("imported")];
  return inProcess("import", scene.path("pyreft"), ...places, ...options);
}

/** The bytes of a text in Latin-1. */
export function latin(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

function little(value: number): string {
  return String.fromCharCode(...new Uint8Array(Int32Array.of(value).buffer));
}

/** An ASCII text in a pickle. */
export function pickledText(text: string): string {
  return `X${little(text.length)}${text}`;
}

/** A whole number in a pickle: of 4 bytes if it fits, else of 8. */
export function pickledNumber(value: number): string {
  if (value === (value | 0)) return `J${little(value)}`;
  return `\x8a\x08${String.fromCharCode(...new Uint8Array(BigInt64Array.of(BigInt(value)).buffer))}`;
}

/** A tuple in a pickle. */
export function pickledTuple(...parts: readonly string[]): string {
  return `(${parts.join("")}t`;
}

/** The storage, shape and strides of a pickled tensor. */
export interface TensorParts {
  readonly type?: string;
  readonly key?: string;
  readonly offset?: number;
  readonly shape?: readonly number[];
  readonly strides?: readonly number[];
}

/** A tensor in a pickle; by default one float at the start of storage 0. */
export function pickledTensor(parts: TensorParts = {}): string {
  const { type = "FloatStorage", key = "0", offset = 0, shape = [1], strides = shape.map(() => 1) } = parts;
  const id = [pickledText("storage"), `ctorch\n${type}\n`, pickledText(key), pickledText("cpu"), pickledNumber(1)];
  const place = [pickledNumber(offset), ...[shape, strides].map((list) => pickledTuple(...list.map(pickledNumber)))];
  const args = [`${pickledTuple(...id)}Q`, ...place, "\x89", "ccollections\nOrderedDict\n)R"];
  return `ctorch._utils\n_rebuild_tensor_v2\n${pickledTuple(...args)}R`;
}

/** The pickle of a state dictionary. */
export function pickledState(tensors: Readonly<Record<string, string>>): Uint8Array<ArrayBuffer> {
  const entries = Object.entries(tensors).map(([name, tensor]) => pickledText(name) + tensor);
  return latin(`\x80\x02ccollections\nOrderedDict\n)R(${entries.join("")}u.`);
}

/** An archive of a pickle and of storage 0. */
export function archiveOf(
  pickle: Uint8Array,
  storage: Uint8Array = new Uint8Array(4),
  more: Readonly<Record<string, Uint8Array>> = {},
): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(zipSync({ "archive/data.pkl": pickle, "archive/data/0": storage, ...more }, { level: 0 }));
}
