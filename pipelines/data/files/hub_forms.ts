/** The file formats of data set repositories. @module */
import { readBytes } from "./bytes.ts";
import { csv } from "./csv.ts";
import { json } from "./json.ts";
import { jsonl } from "./jsonl.ts";
import { parquet } from "./parquet.ts";
import type { RawRow } from "./raw_row.ts";
import type { FileReading } from "./record_kind.ts";
import { tsv } from "./tsv.ts";

/** Reads a file of one format, by its absolute path. */
type Read = (path: string, reading: FileReading) => AsyncIterable<RawRow>;

/** By file name extension, which may be followed by that of gzip or zstd. */
const forms = new Map<string, Read>([
  ["parquet", (path, reading) => parquet.records({ kind: "parquet", path }, reading)],
  ["jsonl", (path, reading) => jsonl.records({ kind: "jsonl", path }, reading)],
  ["ndjson", (path, reading) => jsonl.records({ kind: "jsonl", path }, reading)],
  ["json", readJson],
  ["csv", (path, reading) => csv.records({ kind: "csv", path }, reading)],
  ["tsv", (path, reading) => tsv.records({ kind: "tsv", path }, reading)],
]);

/** How a file is read, by its name; `undefined` if it does not contain rows. */
export function formOf(path: string): Read | undefined {
  const ending = /\.(\w+)(\.(gz|zst|zstd))?$/i.exec(path)?.[1];
  return ending === undefined ? undefined : forms.get(ending.toLowerCase());
}

/** A file called .json may be a list, or have one object per line. */
async function* readJson(path: string, reading: FileReading): AsyncGenerator<RawRow> {
  const rows = await isJsonList(path)
    ? json.records({ kind: "json", path }, reading)
    : jsonl.records({ kind: "jsonl", path }, reading);
  yield* rows;
}

/** Whether a JSON file is a list, rather than one object per line. */
export async function isJsonList(path: string): Promise<boolean> {
  for await (const chunk of readBytes(path, ".json")) {
    const start = new TextDecoder().decode(chunk).trimStart();
    if (start !== "") return start.startsWith("[");
  }
  return false;
}
