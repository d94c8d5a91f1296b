/** Files of torch.save that hold a state dictionary: zip archives of a pickle and raw storages. @module */
import { unzipSync, zipSync } from "fflate";
import { RequestError } from "../errors.ts";
import { widenBfloat16, widenFloat16 } from "../models/float16.ts";
import { readFileIfPresent, writeAtomically } from "../models/files.ts";
import { type PickledTensor, readPickle, writePickle } from "./pickle.ts";

/** A tensor of a state dictionary. */
export interface TorchTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array<ArrayBuffer> | BigInt64Array<ArrayBuffer>;
}

/** Reads a storage's elements; whole numbers are given as floats. */
const readers: Readonly<Record<string, (bytes: ArrayBuffer) => Float32Array<ArrayBuffer>>> = {
  FloatStorage: (bytes) => new Float32Array(bytes),
  DoubleStorage: (bytes) => Float32Array.from(new Float64Array(bytes)),
  HalfStorage: (bytes) => widenFloat16(new Uint16Array(bytes)),
  BFloat16Storage: (bytes) => widenBfloat16(new Uint16Array(bytes)),
  LongStorage: (bytes) => Float32Array.from(new BigInt64Array(bytes), Number),
};

/**
 * The tensors of a file, as floats.
 *
 * @throws {RequestError} If the file is absent, no such archive, cut short, or holds anything but tensors.
 */
export async function readTorchFile(path: string): Promise<Map<string, TorchTensor & { readonly data: Float32Array }>> {
  const bytes = await readFileIfPresent(path);
  if (bytes === undefined) throw new RequestError("is missing; copy the whole folder", { file: path });
  const records = unzip(bytes, path);
  const name = Object.keys(records).find((name) => /(^|\/)data\.pkl$/.test(name));
  if (name === undefined) throw new RequestError("holds no data.pkl, so torch.save did not write it", { file: path });
  const folder = name.slice(0, -"data.pkl".length);
  const order = records[`${folder}byteorder`];
  if (order !== undefined && new TextDecoder().decode(order) !== "little") {
    throw new RequestError("was saved on a big-endian machine; save it again on another", { file: path });
  }
  const tensors = new Map<string, TorchTensor & { readonly data: Float32Array<ArrayBuffer> }>();
  for (const [key, pickled] of readPickle(records[name]!, path)) {
    const storage = records[`${folder}data/${pickled.key}`], read = readers[pickled.storage];
    if (storage === undefined) {
      throw new RequestError(`lacks the storage of ${key}; copy the file again`, { file: path });
    }
    if (read === undefined) {
      throw new RequestError(`${key} is a ${pickled.storage}; convert it to floats`, { file: path });
    }
    tensors.set(key, { shape: pickled.shape, data: gather(read(storage.slice().buffer), pickled, key, path) });
  }
  return tensors;
}

function unzip(bytes: Uint8Array, file: string): Record<string, Uint8Array> {
  try {
    return unzipSync(bytes);
  } catch (fault) {
    throw new RequestError("is no whole zip archive of torch.save; copy the file again", { file }).causedBy(fault);
  }
}

/** A tensor's elements in row-major order. */
function gather(
  storage: Float32Array,
  { offset, shape, strides }: PickledTensor,
  name: string,
  file: string,
): Float32Array<ArrayBuffer> {
  const count = shape.reduce((product, extent) => product * extent, 1);
  const last = offset + shape.reduce((sum, extent, axis) => sum + Math.max(0, extent - 1) * strides[axis]!, 0);
  if (count > 0 && !(last < storage.length)) {
    throw new RequestError(`the storage of ${name} is cut short; copy the file again`, { file });
  }
  const data = new Float32Array(count), index = shape.map(() => 0);
  for (let element = 0, from = offset; element < count; element++) {
    data[element] = storage[from]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      from -= shape[axis]! * strides[axis]!;
      index[axis] = 0;
    }
  }
  return data;
}

/** Writes a state dictionary as torch.save does. */
export async function writeTorchFile(
  path: string,
  folder: string,
  tensors: Readonly<Record<string, TorchTensor>>,
): Promise<void> {
  const listed = Object.entries(tensors);
  const pickle = writePickle(listed.map(([name, { shape, data }]) => {
    return { name, shape, storage: data instanceof BigInt64Array ? "LongStorage" : "FloatStorage" };
  }));
  const text = (value: string) => new TextEncoder().encode(value);
  const storages = listed.map(([_, { data }], index) => {
    return [`${folder}/data/${index}`, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)] as const;
  });
  const records = { [`${folder}/data.pkl`]: pickle, [`${folder}/byteorder`]: text("little") };
  const archive = { ...records, ...Object.fromEntries(storages), [`${folder}/version`]: text("3\n") };
  await writeAtomically(path, [zipSync(archive, { level: 0, mtime: new Date("1980-01-02T00:00:00") })]);
}
