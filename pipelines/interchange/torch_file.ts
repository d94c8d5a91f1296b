/** Files of torch.save that hold a state dictionary: zip archives of a pickle and raw storages. @module */
import { ownValue } from "../../ops/program/own_value.ts";
import { elementCount } from "../../ops/program/dimension.ts";
import { zipSync } from "fflate";
import { RequestError } from "../common/errors.ts";
import { widenBfloat16, widenFloat16 } from "../models/weights/float16.ts";
import { readFileIfPresent, writeAtomically } from "../common/files.ts";
import { formatSize } from "../common/size.ts";
import { quote } from "../common/suggest.ts";
import { writePickle } from "./pickle.ts";
import { type PickledTensor, readPickle } from "./unpickle.ts";
import { readZip, type ZipRecord } from "./zip.ts";

/** The maximum size of a state dictionary without its storages, in bytes: more than 10,000 tensors. */
const mostPickled = 2e6;

/** A tensor of a state dictionary. */
export interface TorchTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array<ArrayBuffer> | BigInt64Array<ArrayBuffer>;
}

/** How a storage's elements are read; whole numbers become floats. */
interface ElementType {
  readonly bytes: number;
  readonly read: (bytes: ArrayBuffer) => Float32Array<ArrayBuffer>;
}

const elementTypes: Readonly<Record<string, ElementType>> = {
  FloatStorage: { bytes: 4, read: (bytes) => new Float32Array(bytes) },
  DoubleStorage: { bytes: 8, read: (bytes) => Float32Array.from(new Float64Array(bytes)) },
  HalfStorage: { bytes: 2, read: (bytes) => widenFloat16(new Uint16Array(bytes)) },
  BFloat16Storage: { bytes: 2, read: (bytes) => widenBfloat16(new Uint16Array(bytes)) },
  LongStorage: { bytes: 8, read: (bytes) => Float32Array.from(new BigInt64Array(bytes), Number) },
};

/** A tensor as it is read. */
export interface ReadTensor extends TorchTensor {
  readonly data: Float32Array<ArrayBuffer>;
}

/**
 * The tensors of a file, as floats.
 *
 * @throws {RequestError} If the file is absent, not such an archive, truncated, or holds anything but tensors of floats
 * and single whole numbers.
 */
export async function readTorchFile(path: string): Promise<Map<string, ReadTensor>> {
  const bytes = await readFileIfPresent(path);
  if (bytes === undefined) throw new RequestError("is missing; copy the whole folder", { file: path });
  return parseTorchFile(bytes, path);
}

/** The tensors of a file's content. Errors as in {@linkcode readTorchFile}. */
export function parseTorchFile(bytes: Uint8Array<ArrayBuffer>, file: string): Map<string, ReadTensor> {
  if (isLegacy(bytes)) {
    throw new RequestError("has the format from before torch 1.6; load it and save it again with a newer torch", {
      file,
    });
  }
  const records = readZip(bytes, file);
  const name = [...records.keys()].find((name) => /(^|\/)data\.pkl$/.test(name));
  if (name === undefined) {
    throw new RequestError("has no data.pkl as written by torch.save; save the intervention again", { file });
  }
  const folder = name.slice(0, -"data.pkl".length);
  const order = records.get(`${folder}byteorder`)?.read();
  if (order !== undefined && new TextDecoder().decode(order) !== "little") {
    throw new RequestError("was saved on a big-endian machine; save it again on another", { file });
  }
  const pickle = records.get(name)!;
  if (pickle.size > mostPickled) {
    throw new RequestError(
      `holds a data.pkl of ${formatSize(pickle.size)}, but at most ${formatSize(mostPickled)} is read; save the ` +
        "intervention alone",
      { file },
    );
  }
  const located: readonly Located[] = [...readPickle(pickle.read(), file)].map(([key, pickled]) => {
    return { key, pickled, ...locate(key, pickled, records.get(`${folder}data/${pickled.key}`), file) };
  });
  // Many tensors that share a storage could claim any amount of memory.
  const claimed = located.reduce((sum, { count, type }) => sum + count * type.bytes, 0);
  const held = records.values().reduce((sum, { size }) => sum + size, 0);
  if (claimed > held) {
    throw new RequestError(
      `claims tensors of ${claimed} bytes but holds ${held}; copy the file or save the intervention again`,
      { file },
    );
  }
  // A storage is unpacked once, however many tensors share it.
  const tensors = new Map<string, Float32Array<ArrayBuffer>>();
  for (const shared of Map.groupBy(located, ({ pickled }) => `${pickled.storage} ${pickled.key}`).values()) {
    const [{ record, type }] = shared as [Located, ...Located[]], storage = type.read(record.read().buffer);
    for (const { key, pickled, count } of shared) tensors.set(key, gather(storage, pickled, count));
  }
  return new Map(located.map(({ key, pickled: { shape } }) => [key, { shape, data: tensors.get(key)! }]));
}

/** Whether a file starts with the pickled number that torch.save once wrote first. */
function isLegacy(bytes: Uint8Array): boolean {
  return [0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46].every((byte, at) => bytes[at] === byte);
}

/** Where a tensor's elements are. */
interface Located {
  readonly key: string;
  readonly pickled: PickledTensor;
  readonly record: ZipRecord;
  readonly type: ElementType;
  readonly count: number;
}

/** The record of a tensor's elements, checked to hold them all. */
function locate(
  key: string,
  { storage, offset, shape, strides }: PickledTensor,
  record: ZipRecord | undefined,
  file: string,
): Pick<Located, "record" | "type" | "count"> {
  const name = quote(key), type = ownValue(elementTypes, storage);
  if (type === undefined || storage === "LongStorage" && shape.length > 0) {
    throw new RequestError(`${name} is a ${storage.slice(0, 60)}; convert it to floats`, { file });
  }
  if (record === undefined) throw new RequestError(`lacks the storage of ${name}; copy the file again`, { file });
  const count = elementCount(shape);
  const last = offset + shape.reduce((sum, extent, axis) => sum + Math.max(0, extent - 1) * strides[axis]!, 0);
  if (record.size % type.bytes !== 0 || count > 0 && !(last < record.size / type.bytes)) {
    throw new RequestError(
      `the storage of ${name} is truncated: it has ${record.size} bytes but the tensor ends with byte ${
        (last + 1) * type.bytes
      }; copy the file again`,
      { file },
    );
  }
  return { record, type, count };
}

/** A tensor's elements in row-major order. */
function gather(
  storage: Float32Array,
  { offset, shape, strides }: PickledTensor,
  count: number,
): Float32Array<ArrayBuffer> {
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
