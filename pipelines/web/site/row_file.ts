/** A file of rows that a visitor has dropped, read as what its first lines show it to be. @module */
import { RequestError } from "../../common/errors.ts";
import { readUpTo } from "../../common/files.ts";
import { system } from "../../common/system.ts";
import { csv as csvFiles } from "../../data/files/csv.ts";
import { json as jsonFiles } from "../../data/files/json.ts";
import { jsonl as jsonlFiles } from "../../data/files/jsonl.ts";
import type { RawRow } from "../../data/files/raw_row.ts";
import { tsv as tsvFiles } from "../../data/files/tsv.ts";
import { type PromptFields, usualFields } from "../../data/usual_fields.ts";
import { csv, json, jsonl, tsv } from "../../dsl/data.ts";
import type { Rows } from "../../dsl/rows.ts";

/** How a file is read. */
interface RowFile {
  /** Its rows by templates. */
  readonly rows: (templates: { readonly prompt: string; readonly completion: string }) => Rows;
  /** Its rows as they are. */
  readonly records: () => AsyncIterable<RawRow>;
}

/** How the files of a format are read, given the first bytes of one as text. */
type Format = (file: string, start: string) => RowFile;

const anywhere = { base: "/" };

const jsonLines = (path: string): RowFile => ({
  rows: (templates) => jsonl(path, templates),
  records: () => jsonlFiles.records({ kind: "jsonl", path }, anywhere),
});

function jsonList(path: string, at: string | undefined): RowFile {
  const place = at === undefined ? {} : { at };
  return {
    rows: (templates) => json(path, templates, place),
    records: () => jsonFiles.records({ kind: "json", path, ...place }, anywhere),
  };
}

function separated(path: string, separator: string): RowFile {
  return {
    rows: (templates) => csv(path, templates, { separator }),
    records: () => csvFiles.records({ kind: "csv", path, separator }, anywhere),
  };
}

const tabbed = (path: string): RowFile => ({
  rows: (templates) => tsv(path, templates),
  records: () => tsvFiles.records({ kind: "tsv", path }, anywhere),
});

const isList = (start: string) => /^\s*\[/.test(start);

/** A list, one object per line, or one object that begins with a list of objects. */
function anyJson(path: string, start: string): RowFile {
  if (isList(start)) return jsonList(path, undefined);
  if (/^\s*\{.*\}\s*\n\s*\{/.test(start)) return jsonLines(path);
  return jsonList(path, /^\s*\{\s*"([^"\\.]+)"\s*:\s*\[\s*\{/.exec(start)?.[1]);
}

/** Columns whose separator the header shows: that of the extension, unless only another one occurs. */
function columns(path: string, start: string, usual: string): RowFile {
  const [header = ""] = start.replace(/"(?:[^"]|"")*"/g, "").split(/\r?\n|\r/, 1);
  const separator = [usual, ",", ";", "\t"].find((each) => header.includes(each)) ?? usual;
  return separator === "\t" && usual === "\t" ? tabbed(path) : separated(path, separator);
}

const formats: ReadonlyMap<string, Format> = new Map<string, Format>([
  ["jsonl", (path, start) => isList(start) ? jsonList(path, undefined) : jsonLines(path)],
  ["ndjson", (path, start) => isList(start) ? jsonList(path, undefined) : jsonLines(path)],
  ["json", anyJson],
  ["csv", (path, start) => columns(path, start, ",")],
  ["tsv", (path, start) => columns(path, start, "\t")],
]);

/** The number of bytes examined. */
const looked = 65536;

/**
 * How a file is read.
 *
 * @throws {RequestError} If its name does not end as that of a file of rows, or it is gone.
 */
async function rowFile(path: string): Promise<RowFile> {
  const name = path.slice(path.lastIndexOf("/") + 1), ending = name.slice(name.lastIndexOf(".") + 1);
  const format = formats.get(ending.toLowerCase());
  if (format === undefined) {
    throw new RequestError(`${name} is not a file of rows; drop one in JSONL, CSV, TSV or JSON`);
  }
  try {
    using file = await system.open(path, { read: true });
    const start = await readUpTo(file, looked);
    return format(path, new TextDecoder().decode(start));
  } catch {
    throw new RequestError(`the browser no longer has ${name}; choose the file again`);
  }
}

/** The rows of a file, each with the templates. Throws a RequestError if it is not a file of rows. */
export async function rowsIn(
  path: string,
  templates: { readonly prompt: string; readonly completion: string },
): Promise<Rows> {
  return (await rowFile(path)).rows(templates);
}

/**
 * The fields of a file's first row that are probably the prompt and the completion.
 *
 * @throws {RequestError} If it is not a file of rows, or has no such fields.
 */
export async function fieldsIn(path: string): Promise<PromptFields> {
  for await (const { fields } of (await rowFile(path)).records()) return usualFields(fields, path);
  throw new RequestError("has no rows; add some", { file: path });
}
