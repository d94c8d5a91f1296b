/** The file beside a model's graph that holds its tensors. @module */
import { elementCount } from "../../../ops/program/dimension.ts";
import type { DataType } from "../../../ops/program/program.ts";
import type { WeightLocation } from "../../../ops/onnx/model.ts";
import { RequestError } from "../../common/errors.ts";
import { faultText, unwritable, writeAll } from "../../common/files.ts";
import { readTensor } from "../../models/weights/safetensors.ts";
import type { TensorRecord } from "../../models/weights/safetensors_table.ts";
import { transposed } from "./pretransposed_weights.ts";

/** A tensor to store, and the type that it is to have. */
export interface HeldTensor {
  readonly name: string;
  readonly dtype: DataType;
  readonly shape: readonly number[];
  /** Whether a matrix is to be stored transposed. */
  readonly isTurned?: boolean;
  /** Transforms the elements before they are stored. */
  readonly change?: (elements: Float32Array<ArrayBuffer>) => Float32Array<ArrayBuffer>;
  /** Where it is stored, or its elements. */
  readonly source: TensorRecord | Float32Array<ArrayBuffer>;
}

const elementBytes: Partial<Record<DataType, number>> = { float32: 4, float16: 2, bfloat16: 2 };

const storedNames: Partial<Record<DataType, string>> = { float32: "F32", float16: "F16", bfloat16: "BF16" };

/** Tensors begin at a page, so that a reader can map them from the file. */
const page = 4096;

const isElements = (source: HeldTensor["source"]): source is Float32Array<ArrayBuffer> =>
  source instanceof Float32Array;

/**
 * Where each tensor is in the file.
 *
 * @param file The file's name, as the graph beside it names it.
 */
export function locateTensors(file: string, tensors: readonly HeldTensor[]): ReadonlyMap<string, WeightLocation> {
  let end = 0;
  return new Map(tensors.map(({ name, dtype, shape }) => {
    const offset = Math.ceil(end / page) * page, length = elementCount(shape) * elementBytes[dtype]!;
    end = offset + length;
    return [name, { location: file, offset, length }];
  }));
}

/**
 * Writes the file.
 *
 * @param path Where; nothing is there yet.
 * @param shown Its name in an error.
 * @throws {DiskError} If it cannot be written.
 * @throws {RequestError} If a tensor cannot be read, or has a number that its type cannot represent.
 */
export async function writeTensorData(
  path: string,
  shown: string,
  tensors: readonly HeldTensor[],
  locations: ReadonlyMap<string, WeightLocation>,
): Promise<void> {
  const orUnwritable = <T>(written: Promise<T>) =>
    written.catch((fault: unknown) => {
      throw unwritable(shown, fault);
    });
  using file = await orUnwritable(Deno.open(path, { write: true, createNew: true }));
  for (const tensor of tensors) {
    await orUnwritable(file.seek(locations.get(tensor.name)!.offset, Deno.SeekMode.Start));
    for await (const chunk of bytesOf(tensor)) await orUnwritable(writeAll(file, chunk));
  }
}

async function* bytesOf(tensor: HeldTensor): AsyncGenerator<Uint8Array> {
  const { dtype, source, shape: [rows = 1, columns = 1], isTurned = false } = tensor;
  const isAsStored = !isElements(source) && source.dtype === storedNames[dtype] && tensor.change === undefined;
  if (isAsStored && !isTurned) return yield* storedBytes(source);
  const elements = isAsStored && elementBytes[dtype] === 2 ? await storedHalves(source) : await numbersOf(tensor);
  const { buffer, byteOffset, byteLength } = isTurned ? transposed(elements, rows, columns) : elements;
  yield new Uint8Array(buffer, byteOffset, byteLength);
}

/** A tensor's elements in its type, 16-bit ones as their bits. */
async function numbersOf(
  { name, dtype, source, change = (elements) => elements }: HeldTensor,
): Promise<Float32Array<ArrayBuffer> | Uint16Array<ArrayBuffer>> {
  const elements = change(isElements(source) ? source : await readTensor(source));
  if (dtype === "float32") return elements;
  const halves = new Float16Array(elements);
  const lost = halves.findIndex((half, at) => !Number.isFinite(half) && Number.isFinite(elements[at]));
  if (lost < 0) return new Uint16Array(halves.buffer);
  const location = isElements(source) ? undefined : { file: source.file };
  throw new RequestError(`the tensor ${name} holds ${elements[lost]}, too large for float16; use float32`, location);
}

async function storedHalves(record: TensorRecord): Promise<Uint16Array<ArrayBuffer>> {
  const bytes = new Uint8Array(record.bytes);
  let end = 0;
  for await (const chunk of storedBytes(record)) {
    bytes.set(chunk, end);
    end += chunk.length;
  }
  return new Uint16Array(bytes.buffer);
}

const chunkBytes = 2 ** 24;

async function* storedBytes({ file, offset, bytes }: TensorRecord): AsyncGenerator<Uint8Array> {
  const unreadable = (problem: string) => new RequestError(`${problem}; download the model again`, { file });
  const failed = (fault: unknown) => {
    throw unreadable(`can't be read (${faultText(fault)})`);
  };
  using handle = await Deno.open(file).catch(failed);
  await handle.seek(offset, Deno.SeekMode.Start);
  const buffer = new Uint8Array(Math.min(bytes, chunkBytes));
  for (let left = bytes; left > 0;) {
    const count = await handle.read(buffer.subarray(0, Math.min(left, buffer.length))).catch(failed);
    if (count === null) throw unreadable(`became ${left} bytes too short while it was being read`);
    left -= count;
    yield buffer.subarray(0, count);
  }
}
