/**
 * Writing a GGUF file's tensors as safetensors, some rows at a time, so that no tensor except a transposed one is in
 * memory as a whole. Quantized numbers become 32-bit floats, and 16-bit ones are unchanged.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { system, type SystemFile } from "../../common/system.ts";
import { ownValue } from "../../../ops/program/own_value.ts";
import { RequestError } from "../../common/errors.ts";
import { publish } from "../../common/durable.ts";
import { removeOwn } from "../../common/leavings.ts";
import { faultText, markWritten, temporaryName, unwritable, writeAll } from "../../common/files.ts";
import { type DeclaredTensor, encodeHeader } from "../weights/safetensors_writer.ts";
import { seal, unsealed } from "../weights/sealed_file.ts";
import { widenBfloat16, widenFloat16 } from "../weights/float16.ts";
import { dequantizations } from "./dequantize.ts";
import type { OutputTensor } from "./outputs.ts";
import { type GgufTensor, openToRead } from "./reader.ts";

/** The approximate number of bytes that are written at a time, in whole rows. */
const CHUNK = 8 << 20;

/** Called with the number of bytes written and the total. */
export type ConversionProgress = (done: number, total: number) => void;

/**
 * Writes tensors of a GGUF file as a sealed safetensors file, completely or not at all.
 *
 * @param file The GGUF file.
 * @param outputs The tensors.
 * @param path The file to make; its folder must exist.
 * @param progress Called as it proceeds; an exception that it throws ends the conversion.
 * @returns The file's digest, once it is in place.
 * @throws {RequestError} If the GGUF file can't be read.
 * @throws {DiskError} If there is no space or the file can't be written.
 */
export async function writeWeights(
  file: string,
  outputs: readonly OutputTensor[],
  path: string,
  progress: ConversionProgress = () => {},
): Promise<string> {
  // Write four-byte numbers first, so that all numbers are at multiples of their size.
  const ordered = outputs.toSorted((a, b) => elementBytes(b) - elementBytes(a));
  const declared = ordered.map(declare);
  const total = declared.reduce((sum, { bytes }) => sum + bytes, 0);
  const temporary = temporaryName(path), header = encodeHeader(declared, unsealed({ format: "pt" }));
  const hash = createHash("sha256").update(header);
  try {
    using source = openToRead(file);
    using target = await onDisk(path, system.open(temporary, { write: true, createNew: true }));
    markWritten(target);
    // A chunk is prepared while the previous one is written.
    let pending = writeAll(target, header), done = 0;
    try {
      for (const chunk of chunksOf(new RowReader(source, file), ordered)) {
        await onDisk(path, pending);
        pending = writeAll(target, chunk);
        hash.update(chunk);
        progress(done += chunk.length, total);
      }
    } finally {
      await onDisk(path, pending);
    }
    seal(header, hash.copy().digest("hex"));
    await onDisk(path, target.seek(0, system.SeekMode.Start).then(() => writeAll(target, header)));
    await onDisk(path, publish(target, temporary, path));
    return hash.digest("hex");
  } catch (fault) {
    await removeOwn(temporary);
    throw fault;
  }
}

async function onDisk<T>(path: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (fault) {
    throw unwritable(path, fault);
  }
}

const kept: readonly string[] = ["F16", "BF16"];

/** Whether a tensor's bytes are written unchanged, possibly in another order. */
function isKept({ source, above }: OutputTensor): boolean {
  return above === undefined && (source.type.name === "F32" || kept.includes(source.type.name));
}

function elementBytes(output: OutputTensor): number {
  return isKept(output) ? output.source.type.bytes : 4;
}

function declare(output: OutputTensor): DeclaredTensor {
  const { name, shape, source } = output;
  const bytes = shape.reduce((product, extent) => product * extent, elementBytes(output));
  return { name, dtype: isKept(output) ? source.type.name : "F32", shape, bytes };
}

/** Reads some rows of a tensor into a buffer, overwriting the previous ones. */
class RowReader {
  readonly #handle: SystemFile;
  readonly #file: string;
  #buffer = new Uint8Array(0);

  constructor(handle: SystemFile, file: string) {
    this.#handle = handle;
    this.#file = file;
  }

  read(offset: number, bytes: number): Uint8Array<ArrayBuffer> {
    if (this.#buffer.length < bytes) this.#buffer = new Uint8Array(bytes);
    const target = this.#buffer.subarray(0, bytes);
    try {
      this.#handle.seekSync(offset, system.SeekMode.Start);
      for (let done = 0; done < bytes;) {
        const count = this.#handle.readSync(target.subarray(done));
        if (count === null) throw new Error("it has become shorter");
        done += count;
      }
    } catch (fault) {
      throw new RequestError(
        `can't be read (${faultText(fault)}); make sure that nothing else writes it, then try again`,
        {
          file: this.#file,
        },
      );
    }
    return target;
  }
}

/** The tensors' bytes in order. Each chunk is valid until the second next one is requested. */
function* chunksOf(reader: RowReader, outputs: readonly OutputTensor[]): Generator<Uint8Array<ArrayBuffer>> {
  const buffers = [new ArrayBuffer(0), new ArrayBuffer(0)];
  let turn = 0;
  const room = (bytes: number): Uint8Array<ArrayBuffer> => {
    turn = 1 - turn;
    if (buffers[turn]!.byteLength < bytes) buffers[turn] = new ArrayBuffer(bytes);
    return new Uint8Array(buffers[turn]!, 0, bytes);
  };
  for (const output of outputs) {
    if (output.isTransposed) {
      const [columns = 0, rows = 0] = output.shape, size = elementBytes(output);
      const plain = new Uint8Array(columns * rows * size);
      fillRows(reader, output, 0, rows, plain);
      const target = room(plain.length);
      size === 4
        ? transpose(new Float32Array(plain.buffer), new Float32Array(target.buffer, 0, rows * columns), rows, columns)
        : transpose(new Uint16Array(plain.buffer), new Uint16Array(target.buffer, 0, rows * columns), rows, columns);
      yield target;
      continue;
    }
    const { rows, width } = rowsOf(output), rowBytes = width * elementBytes(output);
    const step = Math.max(1, Math.floor(CHUNK / rowBytes));
    for (let first = 0; first < rows; first += step) {
      const count = Math.min(step, rows - first), target = room(count * rowBytes);
      fillRows(reader, output, first, count, target);
      yield target;
    }
  }
}

/** The stored blocks of an output that is neither transposed nor changed, in the order of its rows. */
export function readBlocks(file: string, output: OutputTensor): Uint8Array<ArrayBuffer> {
  using handle = openToRead(file);
  const { rows, width } = rowsOf(output), { type } = output.source;
  const blocks = new Uint8Array(rows * width / type.block * type.bytes);
  fillRows(new RowReader(handle, file), output, 0, rows, blocks, true);
  return blocks;
}

/** The numbers of an output in float32, in memory as a whole. */
export function readNumbers(file: string, output: OutputTensor): Float32Array<ArrayBuffer> {
  using handle = openToRead(file);
  const bytes = new Uint8Array(declare(output).bytes);
  let at = 0;
  for (const chunk of chunksOf(new RowReader(handle, file), [output])) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  const widen = ownValue(widened, declare(output).dtype);
  return widen === undefined ? new Float32Array(bytes.buffer) : widen(new Uint16Array(bytes.buffer));
}

const widened = { F16: widenFloat16, BF16: widenBfloat16 };

/** The rows of an output; a tensor with one axis has rows of one element if their order changes. */
function rowsOf({ source: { shape }, order, isTransposed }: OutputTensor): { rows: number; width: number } {
  const elements = shape.reduce((product, extent) => product * extent, 1);
  const width = order !== undefined && !isTransposed && shape.length === 1 ? 1 : shape.at(-1)!;
  return { rows: order?.rows ?? elements / width, width };
}

/** Fills `target` with some rows of an output. */
function fillRows(
  reader: RowReader,
  output: OutputTensor,
  first: number,
  count: number,
  target: Uint8Array<ArrayBuffer>,
  keeps = isKept(output),
): void {
  const { source, order } = output, { width } = rowsOf(output);
  const storedBytes = width / source.type.block * source.type.bytes, bytes = target.length / count;
  const fill = fillerOf(source, keeps);
  const read = (row: number, rows: number) => reader.read(source.offset + row * storedBytes, rows * storedBytes);
  if (order === undefined) fill(read(first, count), target);
  for (let index = first; order !== undefined && index < first + count;) {
    const start = index - index % order.run, end = start + order.run;
    const rows = Array.from({ length: order.run }, (_, at) => order.stored(start + at));
    const low = rows.reduce((least, row) => Math.min(least, row)), stored = read(low, order.run);
    for (; index < Math.min(end, first + count); index++) {
      const from = (rows[index - start]! - low) * storedBytes, to = (index - first) * bytes;
      fill(stored.subarray(from, from + storedBytes), target.subarray(to, to + bytes));
    }
  }
  if (output.above !== undefined) {
    const numbers = new Float32Array(target.buffer, target.byteOffset, target.length / 4);
    for (let i = 0; i < numbers.length; i++) numbers[i]! -= output.above;
  }
}

type Fill = (stored: Uint8Array<ArrayBuffer>, target: Uint8Array<ArrayBuffer>) => void;

function fillerOf({ type }: GgufTensor, keeps: boolean): Fill {
  if (keeps) return (stored, target) => target.set(stored);
  const dequantize = ownValue(dequantizations, type.name)!;
  return (stored, target) => {
    dequantize(stored, new Float32Array(target.buffer, target.byteOffset, target.length / 4));
  };
}

function transpose<T extends Float32Array | Uint16Array>(from: T, to: T, rows: number, columns: number): void {
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) to[column * rows + row] = from[row * columns + column]!;
  }
}
