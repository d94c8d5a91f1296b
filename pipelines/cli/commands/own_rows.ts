/**
 * What a new project needs to know about the user's file: its reader, and which of its fields are the prompt and the
 * completion.
 *
 * @module
 */
import { ownValue } from "../../../ops/program/own_value.ts";
import { basename } from "node:path";
import { RequestError } from "../../common/errors.ts";
import { formOf, isJsonList } from "../../data/files/hub_forms.ts";
import type { Fields } from "../../data/files/raw_row.ts";
import { type PromptFields, usualFields } from "../../data/usual_fields.ts";

/** A file of rows with the fields that a template names. */
export interface OwnRows {
  /** The file's name in the project. */
  readonly name: string;
  /** The function of Refract that reads it. */
  readonly reader: "jsonl" | "json" | "csv" | "tsv" | "parquet";
  /** The fields for the prompt and the completion; `undefined` for conversations, which need no template. */
  readonly fields: PromptFields | undefined;
  /** The values of the completion field, in order, if there are few enough to be classes. */
  readonly labels: readonly string[];
  /** How many tokens an answer may take: more than any answer in the rows examined. */
  readonly longestAnswer: number;
}

/** The number of rows examined. */
const looked = 1000;

/** More different answers than this are not classes. */
const mostLabels = 50;

const readers: Readonly<Record<string, OwnRows["reader"]>> = {
  jsonl: "jsonl",
  ndjson: "jsonl",
  json: "json",
  csv: "csv",
  tsv: "tsv",
  parquet: "parquet",
};

/**
 * Reads the first rows of a file.
 *
 * @param path Absolute.
 * @throws {RequestError} If it is not a file of rows, or its rows do not have two suitable fields.
 */
export async function ownRowsOf(path: string): Promise<OwnRows> {
  const read = formOf(path), ending = /\.(\w+)(?:\.(?:gz|zst|zstd))?$/i.exec(path)?.[1]?.toLowerCase() ?? "";
  const reader = ownValue(readers, ending);
  if (read === undefined || reader === undefined) {
    throw new RequestError("does not end in .jsonl, .json, .csv, .tsv or .parquet; rename or convert it", {
      file: path,
    });
  }
  const rows: Fields[] = [];
  for await (const { fields } of read(path, { base: "/" })) if (rows.push(fields) === looked) break;
  const [first] = rows;
  if (first === undefined) throw new RequestError("has no rows; add some", { file: path });
  const common = {
    name: basename(path),
    reader: reader === "json" && !await isJsonList(path) ? "jsonl" as const : reader,
  };
  if (["messages", "conversations"].some((name) => Array.isArray(ownValue(first, name)))) {
    return { ...common, fields: undefined, labels: [], longestAnswer: 0 };
  }
  const fields = usualFields(first, path), values = rows.map((row) => String(ownValue(row, fields.taught)));
  const labels = [...new Set(values)].sort();
  // A token of plain text has about four characters, and seldom fewer than two.
  const longest = Math.max(...values.map(({ length }) => length)),
    longestAnswer = Math.min(256, 4 + Math.ceil(longest / 2));
  return { ...common, fields, longestAnswer, labels: labels.length > 1 && labels.length <= mostLabels ? labels : [] };
}
