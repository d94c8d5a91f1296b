/** The table of tensors in the header of a safetensors file. @module */
import { ownValue } from "../../../ops/program/own_value.ts";
import { elementCount } from "../../../ops/program/dimension.ts";
import { RequestError } from "../../common/errors.ts";
import { isJsonObject, parseJsonObject } from "../../common/files.ts";

/** Where one tensor is in a safetensors file. */
export interface TensorRecord {
  readonly name: string;
  /** The type in the file: `F32`, `F16`, `BF16`, `I64`, … */
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Absolute real path of the file. */
  readonly file: string;
  /** Offset of the first byte of the data, from the start of the file. */
  readonly offset: number;
  readonly bytes: number;
}

/** A safetensors file's header: its tensors in the header's order, and its metadata. */
export interface SafetensorsHeader {
  readonly tensors: ReadonlyMap<string, TensorRecord>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Bits per element, for every dtype that the format defines. */
const bitsOf: Readonly<Record<string, number>> = {
  BOOL: 8,
  F4: 4,
  F6_E2M3: 6,
  F6_E3M2: 6,
  U8: 8,
  I8: 8,
  F8_E5M2: 8,
  F8_E4M3: 8,
  F8_E8M0: 8,
  F8_E4M3FNUZ: 8,
  F8_E5M2FNUZ: 8,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  C64: 64,
  F64: 64,
  I64: 64,
  U64: 64,
};

/** The maximum number of tensors in a file; the largest models have some thousands. */
const mostTensors = 200_000;

/** The bounds against which a header's table is checked. */
interface TableBounds {
  /** Absolute real path of the file. */
  readonly file: string;
  /** Offset of the first byte after the header; the table counts from there. */
  readonly start: number;
  /** Length of the whole file, bytes. */
  readonly size: number;
  /** What to do about a broken file. */
  readonly remedy: string;
}

/**
 * Parses a safetensors header and checks every rule of the format.
 *
 * @param header The header's bytes, JSON.
 * @param bounds The file that it is in.
 * @returns The tensors in the header's order, and the metadata.
 * @throws {RequestError} If a rule is violated; the message names the file and the tensor.
 */
export function parseTensorTable(header: Uint8Array, bounds: TableBounds): SafetensorsHeader {
  const { __metadata__: metadata = {}, ...entries } = parseHeaderObject(header, bounds);
  if (!isStringRecord(metadata)) throw broken("has metadata that are not all strings", bounds);
  const tensors = new Map<string, TensorRecord>();
  const listed = Object.entries(entries);
  if (listed.length > mostTensors) {
    throw broken(`has ${listed.length} tensors, more than the limit of ${mostTensors}`, bounds);
  }
  for (const [name, entry] of listed) tensors.set(name, parseEntry(name, entry, bounds));
  checkCoverage([...tensors.values()], bounds);
  return { tensors, metadata };
}

function parseHeaderObject(header: Uint8Array, bounds: TableBounds) {
  try {
    return parseJsonObject(header, bounds.file, bounds.remedy);
  } catch (fault) {
    // The line and column in a header are meaningless in a binary file.
    if (fault instanceof RequestError) throw broken("has a header that is not a JSON object", bounds);
    throw fault;
  }
}

function parseEntry(name: string, entry: unknown, bounds: TableBounds): TensorRecord {
  const fail = (problem: string) => broken(`tensor ${JSON.stringify(name)} ${problem}`, bounds);
  if (!isJsonObject(entry)) throw fail("is not described by an object");
  const { dtype, shape, data_offsets: offsets } = entry;
  const bits = typeof dtype === "string" ? ownValue(bitsOf, dtype) : undefined;
  if (typeof dtype !== "string" || bits === undefined) throw fail(`has the unknown dtype ${JSON.stringify(dtype)}`);
  if (!isCounts(shape)) throw fail("has a shape that is not a list of whole numbers from 0");
  if (!isCounts(offsets) || offsets.length !== 2) throw fail("has data offsets that are not two whole numbers from 0");
  const [begin = 0, end = 0] = offsets;
  if (end < begin) throw fail(`has reversed data offsets, ${begin} to ${end}`);
  const bytes = end - begin;
  const elements = shape.includes(0) ? 0 : elementCount(shape);
  if (!Number.isSafeInteger(elements * bits) || !Number.isSafeInteger(bounds.start + end)) {
    throw fail(`has a shape or offsets too large to count, [${shape}] at ${begin}`);
  }
  if (elements * bits !== bytes * 8) {
    throw fail(`has ${bytes} bytes where shape [${shape}] of ${dtype} takes ${elements * bits / 8}`);
  }
  return { name, dtype, shape, file: bounds.file, offset: bounds.start + begin, bytes };
}

/** Requires that the tensors cover the data from the header's end to the file's end, each byte once. */
function checkCoverage(tensors: readonly TensorRecord[], bounds: TableBounds): void {
  const inOrder = tensors.toSorted((a, b) => a.offset - b.offset || a.bytes - b.bytes);
  const end = (tensor: TensorRecord) => tensor.offset + tensor.bytes;
  let covered = bounds.start;
  for (const tensor of inOrder) {
    const name = JSON.stringify(tensor.name);
    if (tensor.offset < covered) {
      throw broken(`tensor ${name} overlaps the one before it by ${covered - tensor.offset} bytes`, bounds);
    }
    if (tensor.offset > covered) {
      throw broken(`tensor ${name} leaves a hole of ${tensor.offset - covered} bytes before it`, bounds);
    }
    covered = end(tensor);
  }
  if (covered > bounds.size) {
    const first = inOrder.find((tensor) => end(tensor) > bounds.size);
    const name = JSON.stringify(first?.name);
    throw broken(`is cut short from tensor ${name} on, ${covered - bounds.size} bytes are missing`, bounds);
  }
  if (covered < bounds.size) {
    throw broken(`has ${bounds.size - covered} bytes at its end that belong to no tensor`, bounds);
  }
}

function isCounts(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}

function isStringRecord(value: unknown): value is Readonly<Record<string, string>> {
  return isJsonObject(value) && Object.values(value).every((item) => typeof item === "string");
}

function broken(problem: string, bounds: TableBounds): RequestError {
  return new RequestError(`${problem}; ${bounds.remedy}`, { file: bounds.file });
}
