/** Where rows come from. @module */
import type { ChatRow, ChatSource } from "../data/chat/source.ts";
import type { PreferenceTemplate, Template } from "../data/dataset.ts";
import { checkPreference } from "../data/template_rows.ts";
import { RequestError } from "../common/errors.ts";
import { quote, suggest } from "../common/suggest.ts";
import { type Rows, viewed } from "./rows.ts";
import { requireCall } from "./calls.ts";

/**
 * The rows of JSON Lines files. A file that gzip or zstd has compressed is read as it is.
 *
 * @param path Absolute, or relative to the pipeline file; or a pattern such as `./part-*.jsonl.gz`, whose files follow each
 * other in their names' order.
 * @param template Texts in which `{field}` is replaced by a field of the row, and `{choices.text}` by one within a field.
 * Rows that are conversations (`messages` or `conversations`) or instructions (`instruction`, `input`, `output`) need none.
 *
 * @example Questions and answers
 * ```ts
 * import { jsonl } from "refract";
 *
 * const rows = jsonl("./arc_easy.jsonl", { prompt: "{question}\n", completion: "{answer}" });
 * ```
 */
export function jsonl(path: string, template?: Template): Rows {
  requireCall("jsonl", arguments);
  return viewed({ kind: "jsonl", path, ...template && { template } });
}

/** How a file of columns names them. */
export interface TsvOptions {
  /** Whether the first line names the columns; it does if omitted. */
  readonly header?: boolean;
  /** The columns' names in order, with `header: false`. */
  readonly columns?: readonly string[];
}

/**
 * The rows of a file whose columns are separated by tabs, as GLUE's are: nothing is quoted, and a quotation mark is an
 * ordinary character.
 *
 * @param path Absolute, or relative to the pipeline file.
 * @param template Texts in which `{column}` is replaced by a column of the row.
 * @throws {RequestError} If the columns have two sources of names, or none, or an option is unknown.
 *
 * @example GLUE's CoLA, whose files have no header
 * ```ts
 * import { tsv } from "refract";
 *
 * const columns = ["source", "label", "mark", "sentence"];
 * const seen = tsv("./CoLA/train.tsv", { text: "{sentence}", label: "{label}" }, { header: false, columns });
 * ```
 */
export function tsv(path: string, template?: Template, options: TsvOptions = {}): Rows {
  requireCall("tsv", arguments);
  requireOptions("tsv", options, ["header", "columns"]);
  return viewed({ kind: "tsv", path, ...template && { template }, ...columnsOf("tsv", options) });
}

/** Sees that options are those that a source has: pipeline files run without a type check. */
function requireOptions(kind: string, options: object, known: readonly string[]): void {
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new RequestError(`${kind} has no option ${quote(unknown)}; ${suggest(unknown, known)}`);
}

function columnsOf(kind: string, { header = true, columns }: TsvOptions): { readonly columns?: readonly string[] } {
  if (header === (columns === undefined)) return columns === undefined ? {} : { columns };
  throw new RequestError(
    header
      ? `${kind} has columns and a header that names them; omit one, as in { header: false, columns }`
      : `${kind} without a header has no names for its columns; give them, as in columns: ["label", "sentence"]`,
  );
}

/** How a CSV file parts and names its columns. */
export interface CsvOptions extends TsvOptions {
  /** What parts the columns; a comma if omitted. */
  readonly separator?: string;
}

/**
 * The rows of comma-separated files by RFC 4180: a field in quotes may hold separators, newlines and, doubled, quotes. All
 * values are texts. A file that gzip or zstd has compressed is read as it is.
 *
 * @param path Absolute, or relative to the pipeline file; or a pattern such as `./part-*.csv`.
 * @param template Texts in which `{column}` is replaced by a column of the row.
 * @throws {RequestError} If the columns have two sources of names, or none, or an option is unknown.
 *
 * @example Questions and answers, separated by semicolons
 * ```ts
 * import { csv } from "refract";
 *
 * const rows = csv("./rows.csv", { prompt: "{question}\n", completion: "{answer}" }, { separator: ";" });
 * ```
 */
export function csv(path: string, template?: Template, options: CsvOptions = {}): Rows {
  requireCall("csv", arguments);
  requireOptions("csv", options, ["header", "columns", "separator"]);
  const { separator } = options, separated = separator === undefined ? {} : { separator };
  return viewed({ kind: "csv", path, ...template && { template }, ...separated, ...columnsOf("csv", options) });
}

/** Where a JSON file has its list of rows. */
export interface JsonOptions {
  /** The names that lead to the list, as in `"data"` or `"data.rows"`; omitted where the file is the list. */
  readonly at?: string;
}

/**
 * The rows of JSON files that hold a list of objects. The list is read item by item, however large it is.
 *
 * @param path Absolute, or relative to the pipeline file; or a pattern such as `./part-*.json`.
 * @param template Texts in which `{field}` is replaced by a field of the row, and `{choices.text}` by one within a field.
 *
 * @example A list within an object
 * ```ts
 * import { json } from "refract";
 *
 * const rows = json("./squad.json", { prompt: "{title}\n", completion: "{answer}" }, { at: "data" });
 * ```
 */
export function json(path: string, template?: Template, options: JsonOptions = {}): Rows {
  requireCall("json", arguments);
  requireOptions("json", options, ["at"]);
  const { at } = options;
  return viewed({ kind: "json", path, ...template && { template }, ...at === undefined ? {} : { at } });
}

/**
 * The rows of Parquet files, whatever they are compressed with. A column of class numbers that Python's datasets wrote has
 * the names beside it: `{label.name}` is that of `{label}`. Columns of bytes, dates and decimals have no text.
 *
 * @param path Absolute, or relative to the pipeline file; or a pattern such as `./train-*.parquet`.
 * @param template Texts in which `{column}` is replaced by a column of the row, and `{choices.text}` by one within a column.
 *
 * @example Shards
 * ```ts
 * import { parquet } from "refract";
 *
 * const rows = parquet("./train-*.parquet", { prompt: "{question}\n", completion: "{answer}" });
 * ```
 */
export function parquet(path: string, template?: Template): Rows {
  requireCall("parquet", arguments);
  return viewed({ kind: "parquet", path, ...template && { template } });
}

/** Which part of a data set of the hub, and which of its versions. */
export interface HubOptions {
  /** The configuration, as in `"ARC-Easy"`; omitted where there is one alone, or a default. */
  readonly config?: string;
  /** The split, as in `"train"`; omitted where there is one alone. */
  readonly split?: string;
  /** A branch, a tag or a commit; `main` if omitted. */
  readonly revision?: string;
}

/**
 * The rows of a data set of the Hugging Face hub, found as Python's datasets finds them: the card's `configs`, else the
 * names of Parquet, JSON and CSV files, else the hub's own Parquet copy. They lie in the cache of Python's huggingface_hub.
 *
 * @param id `owner/name`.
 * @param options Which part of it.
 * @param template Texts in which `{field}` is replaced by a field of the row, and `{choices.text}` by one within a field.
 * Rows that are conversations or instructions need none.
 *
 * @example GSM8K
 * ```ts
 * import { hub } from "refract";
 *
 * const options = { config: "main", split: "train" };
 * const rows = hub("openai/gsm8k", options, { prompt: "{question}\n", completion: "{answer}" });
 * ```
 */
export function hub(id: string, options: HubOptions = {}, template?: Template): Rows {
  requireCall("hub", arguments);
  requireOptions("hub", options, ["config", "split", "revision"]);
  const { split, ...others } = options, named = split === undefined ? {} : { splitName: split };
  return viewed({ kind: "hub", id, ...others, ...named, ...template && { template } });
}

/**
 * Rows given in the pipeline itself.
 *
 * @param records One object a row.
 * @param template Texts in which `{field}` is replaced by a field of the row.
 *
 * @example Two rows, and a text that is the same in both
 * ```ts
 * import { records } from "refract";
 *
 * const rows = records([
 *   { country: "France", capital: "Paris" },
 *   { country: "Peru", capital: "Lima" },
 * ], { prompt: "The capital of {country} is", completion: " {capital}" });
 * ```
 */
export function records(records: readonly Readonly<Record<string, unknown>>[], template?: Template): Rows {
  requireCall("records", arguments);
  return viewed({ kind: "records", records, ...template && { template } });
}

/** How conversations are read and taught. */
export interface ChatOptions {
  /**
   * `"completion"` teaches the last of the assistant's turns and takes all before it for the prompt; `"all-turns"` teaches
   * each of them, and the prompt ends before the first. An evaluation asks for the last turn either way.
   */
  readonly loss?: ChatSource["loss"];
  /** The system message of conversations that have none, neither as a message nor as a row's `system`. */
  readonly system?: string;
  /**
   * In place of the tokenizer's own template: the name of another that it has, the path of a `.jinja` file from the
   * pipeline file's folder, or Jinja text.
   */
  readonly template?: string;
  /** Tools that the template is given, as JSON schemas. */
  readonly tools?: readonly object[];
}

/**
 * Conversations, put into text and ids by the tokenizer's chat template as transformers' `apply_chat_template` does. A
 * turn is taught with the tokens that the template ends it with.
 *
 * @param rows The conversations, each a list of `{ role, content }` or an object with such `messages`; or the path of a
 * JSON Lines file, or another source without a template, whose rows have `messages`, `conversations` of `{ from, value }`,
 * or `instruction`, `input` and `output`, of which the first two are the user's turn. A row may have its own `system` and
 * `tools`; a message of the assistant with `weight: 0` is not taught.
 * @param options What is taught, and what the template is given.
 *
 * @example Two turns
 * ```ts
 * import { chat } from "refract";
 *
 * const rows = chat([
 *   [{ role: "user", content: "What is the sky?" }, { role: "assistant", content: "Blue." }],
 * ], { system: "Answer in one word." });
 * ```
 */
export function chat(rows: string | readonly ChatRow[] | Rows, options: ChatOptions = {}): Rows {
  requireCall("chat", arguments);
  return viewed({ kind: "chat", loss: "completion", ...options, conversations: conversationsOf(rows) });
}

function conversationsOf(rows: string | readonly ChatRow[] | Rows): ChatSource["conversations"] {
  if (typeof rows === "string") return { kind: "jsonl", path: rows };
  if (!("kind" in rows)) return { kind: "records", records: rows };
  if (rows.kind === "records" || rows.kind === "chat" || "of" in rows) {
    throw new RequestError(
      "chat takes the rows of a file or of the hub, without views; write the views after it, as in chat(…).take(100)",
    );
  }
  if (rows.template === undefined) return { ...rows };
  throw new RequestError("chat puts rows into text by the chat template; omit the template of its rows");
}

/**
 * How rows become a prompt with two answers, of which the first is preferred; it takes the place of a template. Rows with the
 * fields `prompt`, `chosen` and `rejected` need none, and `chat(…)` takes such rows of messages.
 *
 * @param template Texts in which `{field}` is replaced by a field of the row. Without `prompt`, what the tokens of both
 * answers begin with is the prompt.
 *
 * @example A question, and a better and a worse answer
 * ```ts
 * import { jsonl, prefer } from "refract";
 *
 * const rows = jsonl("./pairs.jsonl", prefer({ prompt: "{question}\n", chosen: "{better}", rejected: "{worse}" }));
 * ```
 */
export function prefer(template: PreferenceTemplate): PreferenceTemplate {
  requireCall("prefer", arguments);
  checkPreference(template, "the template");
  return { ...template };
}
