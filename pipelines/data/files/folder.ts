/** Rows in one of the files of a folder, found by their usual names. @module */
import { resolve } from "node:path";
import { system } from "../../common/system.ts";
import { isList, isText, leaf, listOf, optional, text } from "../../common/checks.ts";
import { pathProblem } from "../../common/declared_path.ts";
import { RequestError } from "../../common/errors.ts";
import { quote } from "../../common/suggest.ts";
import type { FolderRows } from "./declared.ts";
import { namesBelow } from "./glob.ts";
import { formOf } from "./hub_forms.ts";
import { readLines } from "./lines.ts";
import type { RecordKind, RowFile } from "./record_kind.ts";
import { tsv } from "./tsv.ts";

/** How many folders deep a file may be. */
const mostDepth = 3;

/** A name without its extension, ignoring case and the kind of dash. */
const plain = (name: string) => name.replace(/\.\w+(\.(gz|zst|zstd))?$/i, "").toLowerCase().replaceAll("-", "_");

/** The path itself if it is a file, otherwise the file in the folder with the first matching name. */
async function fileOf({ path, names, what }: FolderRows, base: string): Promise<RowFile> {
  const full = resolve(base, path);
  if (await system.stat(full).then(({ isFile }) => isFile, () => false)) return { name: path, path: full };
  const problem = await pathProblem(base, path, "folder");
  if (problem !== undefined) throw new RequestError(`${quote(path)} ${problem}`);
  const there = (await namesBelow(full, "", mostDepth)).filter((name) => formOf(name) !== undefined).sort();
  for (const name of names) {
    const wanted = plain(`${name}.json`), found = there.filter((file) => `/${plain(file)}`.endsWith(`/${wanted}`));
    const [first, second] = found.sort((one, other) => one.split("/").length - other.split("/").length);
    if (first === undefined) continue;
    if (second !== undefined && first.split("/").length === second.split("/").length) {
      throw new RequestError(
        `${quote(path)} has ${quote(first)} and ${quote(second)} for ${what}; give the path of one of them`,
      );
    }
    return { name: `${path}/${first}`, path: resolve(full, first) };
  }
  const listed = there.slice(0, 6).map(quote).join(", ") + (there.length > 6 ? ", …" : "");
  throw new RequestError(
    `${quote(path)} has no file for ${what}, as in ${
      names.slice(0, 3).map((name) => quote(`${name}.json`)).join(", ")
    }; ` +
      (there.length === 0 ? "there are no rows in it" : `there are ${listed}, give the path of one of them`),
  );
}

/** Whether the first line of a file does not name columns. */
async function isBare(path: string, columns: readonly string[]): Promise<boolean> {
  for await (const { text } of readLines(path, ".tsv")) {
    const cells = text.replace(/\r$/, "").split("\t");
    return cells.length === columns.length && !cells.some((cell) => columns.includes(cell));
  }
  return false;
}

/** One of the files of a folder. */
export const folder: RecordKind<FolderRows> = {
  settings: {
    path: text,
    names: leaf("a list of names", (value) => isList(value) && value.every(isText)),
    what: text,
    columns: optional(listOf("a list of names", text)),
  },
  withFiles: (rows, pathOf) => ({ ...rows, path: pathOf(rows.path, "folder") }),
  files: async (rows, { base }) => [await fileOf(rows, base)],
  async *records(rows, reading) {
    const { path } = await fileOf(rows, reading.base), read = formOf(path), { columns } = rows;
    if (columns !== undefined && /\.tsv$/i.test(path) && await isBare(path, columns)) {
      return yield* tsv.records({ kind: "tsv", path, columns }, reading);
    }
    if (read === undefined) {
      throw new RequestError(
        "the file's name does not say what it is; rename it to end in .json, .jsonl, .csv, .tsv or .parquet",
        {
          file: path,
        },
      );
    }
    yield* read(path, reading);
  },
};
