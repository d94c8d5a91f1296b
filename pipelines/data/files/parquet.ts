/** Parquet files. The only file that uses the library for them. @module */
import {
  type AsyncBuffer,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
} from "hyparquet";
import { system, type SystemFile } from "../../common/system.ts";
import { text } from "../../common/checks.ts";
import { RequestError } from "../../common/errors.ts";
import { faultText } from "../../common/files.ts";
import { type PythonDict, type PythonValue, Untextual } from "../python/value.ts";
import { checkFile } from "./bytes.ts";
import type { ParquetRows } from "./declared.ts";
import { classNamesOf, withClassNames } from "./features.ts";
import { compressors } from "./parquet_compressors.ts";
import { type Column, columnOf, type ColumnType, pythonOf } from "./parquet_types.ts";
import type { RawRow } from "./raw_row.ts";
import type { RecordKind } from "./record_kind.ts";
import { inFiles } from "./row_files.ts";

/** Values are kept as stored where the library would lose something. */
const parsers = {
  jsonFromBytes: (bytes: Uint8Array) => new TextDecoder().decode(bytes),
};

/**
 * Reads a Parquet file, one row group at a time. Columns whose type has no text form are not read.
 *
 * @param path Absolute.
 * @throws {RequestError} If the file cannot be read, is not a Parquet file, or has no rows.
 */
async function* readParquet(path: string): AsyncGenerator<RawRow> {
  await checkFile(path, ".parquet");
  using file = await system.open(path);
  const buffer = await asBuffer(file, path);
  const metadata = await sound(path, () => parquetMetadataAsync(buffer, { geoparquet: false }));
  const columns = new Map(parquetSchema(metadata).children.map((tree) => [tree.element.name, columnOf(tree)]));
  const names = classNamesOf(huggingFaceInfo(metadata)), read = readerOf(columns);
  const wanted = [...columns].flatMap(([name, column]) => column instanceof Untextual ? [] : [name]);
  let first = 0;
  for (const { num_rows } of metadata.row_groups) {
    const end = first + Number(num_rows);
    for (const [at, stored] of (await rowsOf(path, buffer, metadata, wanted, first, end)).entries()) {
      const { fields, python } = read(new Map(Object.entries(stored)));
      const place = { file: path, line: first + at + 1 };
      yield withClassNames({ fields, place, ...python === undefined ? {} : { python } }, names);
    }
    first = end;
  }
  if (first === 0) throw new RequestError("the file has no rows; give one that has some", { file: path });
}

async function rowsOf(
  path: string,
  file: AsyncBuffer,
  metadata: FileMetaData,
  columns: string[],
  rowStart: number,
  rowEnd: number,
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  if (columns.length === 0) return Array.from({ length: rowEnd - rowStart }, () => ({}));
  const options = { file, metadata, columns, rowStart, rowEnd, compressors, parsers, utf8: false, geoparquet: false };
  return await sound(path, () => parquetReadObjects(options));
}

/** Returns a function that converts stored values to a row's values. */
function readerOf(columns: ReadonlyMap<string, Column>) {
  const typed = [...columns].flatMap(([name, column]): [string, ColumnType][] => {
    return column instanceof Untextual ? [] : [[name, column]];
  });
  const untextual = [...columns].filter(([, column]) => column instanceof Untextual);
  const losing = typed.filter(([, { python }]) => python !== undefined);
  return (stored: ReadonlyMap<string, unknown>): { fields: RawRow["fields"]; python?: PythonDict } => {
    const fields = Object.fromEntries([
      ...typed.map(([name, { value }]) => [name, value(stored.get(name))] as const),
      ...untextual,
    ]);
    if (losing.length === 0) return { fields };
    const own = typed.map(([name, type]): [string, PythonValue] => [name, pythonOf(type, stored.get(name))]);
    return { fields, python: new Map<PythonValue, PythonValue>(own) };
  };
}

/** What Python's datasets stores in its files about a data set's features. */
function huggingFaceInfo({ key_value_metadata = [] }: FileMetaData): unknown {
  const kept = key_value_metadata.find(({ key }) => key === "huggingface")?.value;
  try {
    return kept === undefined ? undefined : JSON.parse(kept);
  } catch {
    return undefined;
  }
}

async function asBuffer(file: SystemFile, path: string): Promise<AsyncBuffer> {
  const { size: byteLength } = await file.stat();
  // One read at a time, because reads share the file position.
  let before: Promise<unknown> = Promise.resolve();
  const read = async (start: number, end: number): Promise<ArrayBuffer> => {
    const bytes = new Uint8Array(end - start);
    await file.seek(start, system.SeekMode.Start);
    for (let done = 0; done < bytes.length;) {
      const count = await file.read(bytes.subarray(done));
      if (count === null) {
        throw new RequestError("the file was truncated while it was being read; run it again", { file: path });
      }
      done += count;
    }
    return bytes.buffer;
  };
  return {
    byteLength,
    slice(start, end = byteLength) {
      const mine = before.then(() => read(start, end));
      before = mine.catch(() => {});
      return mine;
    },
  };
}

/** The library's result for a file; its errors are reported as errors of the file. */
async function sound<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (fault) {
    if (fault instanceof RequestError) throw fault;
    throw new RequestError(
      `the file is not a valid Parquet file (${faultText(fault)}); create or download it again`,
      { file: path },
    );
  }
}

/** `parquet(...)`. */
export const parquet: RecordKind<ParquetRows> = {
  settings: { path: text },
  ...inFiles("parquet", (_, path) => readParquet(path)),
};
