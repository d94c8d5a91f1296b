/** What a new project reads of a person's own file: which reader takes it, and which of its fields it asks and teaches. @module */
import { ownValue } from "../../../ops/program/own_value.ts";
import { basename } from "node:path";
import { RequestError } from "../../common/errors.ts";
import { formOf, isJsonList } from "../../data/files/hub_forms.ts";
import type { Fields } from "../../data/files/raw_row.ts";

/** A file of rows with the fields that a template names. */
export interface OwnRows {
  /** The file's name in the project. */
  readonly name: string;
  /** The function of Refract that reads it. */
  readonly reader: "jsonl" | "json" | "csv" | "tsv" | "parquet";
  /** What is asked, and what is to be answered; `undefined` of conversations, which need no template. */
  readonly fields: { readonly asked: string; readonly taught: string } | undefined;
  /** The values of the taught field, in their order, where they are few enough to be classes. */
  readonly labels: readonly string[];
  /** How many tokens an answer may take, more than any of the rows looked at has. */
  readonly longestAnswer: number;
}

/** Names that fields usually have, the likeliest first. */
const usual = {
  asked: ["question", "prompt", "instruction", "query", "input", "text", "sentence", "source", "title"],
  taught: ["answer", "completion", "output", "response", "reply", "label", "class", "category", "target"],
};

/** Rows that are looked at. */
const looked = 1000;

/** More different answers than these are no classes. */
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
 * @throws {RequestError} If it is no file of rows, or its rows have no two fields to ask and to teach.
 */
export async function ownRowsOf(path: string): Promise<OwnRows> {
  const read = formOf(path), ending = /\.(\w+)(?:\.(?:gz|zst|zstd))?$/i.exec(path)?.[1]?.toLowerCase() ?? "";
  const reader = ownValue(readers, ending);
  if (read === undefined || reader === undefined) {
    throw new RequestError("has none of the endings .jsonl, .json, .csv, .tsv and .parquet; rename or convert it", {
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
  const fields = fieldsOf(first, path), values = rows.map((row) => String(ownValue(row, fields.taught)));
  const labels = [...new Set(values)].sort();
  // A token of plain text has about four characters, and seldom fewer than two.
  const longest = Math.max(...values.map(({ length }) => length)),
    longestAnswer = Math.min(256, 4 + Math.ceil(longest / 2));
  return { ...common, fields, longestAnswer, labels: labels.length > 1 && labels.length <= mostLabels ? labels : [] };
}

/** The fields by their usual names, else the first and the last. */
function fieldsOf(row: Fields, path: string): { readonly asked: string; readonly taught: string } {
  const names = Object.keys(row).filter((name) => ["string", "number", "boolean"].includes(typeof ownValue(row, name)));
  const named = (list: readonly string[], others: readonly string[]) => list.find((name) => others.includes(name));
  const taught = named(usual.taught, names) ?? names.at(-1);
  const rest = names.filter((name) => name !== taught), asked = named(usual.asked, rest) ?? rest[0];
  if (taught !== undefined && asked !== undefined) return { asked, taught };
  throw new RequestError(
    `has rows with fewer than two fields of text (${names.join(", ")}); give a question and its answer`,
    {
      file: path,
      line: 1,
    },
  );
}
