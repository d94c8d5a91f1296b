/** Sources of rows. @module */
import type { ChatRow, ChatSource } from "../data/chat/source.ts";
import type { PreferenceTemplate, Template } from "../data/dataset.ts";
import { checkPreference } from "../data/template_rows.ts";
import { RequestError } from "../common/errors.ts";
import { quote, suggest } from "../common/suggest.ts";
import { type Rows, viewed } from "./rows.ts";
import { requireCall } from "./calls.ts";

/**
 * The rows of JSON Lines files, which may be compressed with gzip or zstd.
 *
 * @param path Absolute, or relative to the pipeline file; or a pattern such as `./part-*.jsonl.gz`, whose files are
 * read in the order of their names.
 * @param template Texts in which `{field}` is replaced by a field of the row, and `{choices.text}` by a nested field.
 * Rows that are conversations (`messages` or `conversations`) or instructions (`instruction`, `input`, `output`) need
 * none.
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

/** Where a TSV file's column names come from. */
export interface TsvOptions {
  /** Whether the first line names the columns; `true` if omitted. */
  readonly header?: boolean;
  /** The columns' names in order, with `header: false`. */
  readonly columns?: readonly string[];
}

/**
 * The rows of a tab-separated file, such as GLUE's: nothing is quoted, and a quotation mark is an ordinary character.
 *
 * @param path Absolute, or relative to the pipeline file.
 * @param template Texts in which `{column}` is replaced by a column of the row.
 * @throws {RequestError} If the columns are named twice or not at all, or an option is unknown.
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

/** Refuses options that a source does not have: pipeline files run without a type check. */
function requireOptions(kind: string, options: object, known: readonly string[]): void {
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new RequestError(`${kind} has no option ${quote(unknown)}; ${suggest(unknown, known)}`);
}

function columnsOf(kind: string, { header = true, columns }: TsvOptions): { readonly columns?: readonly string[] } {
  if (header === (columns === undefined)) return columns === undefined ? {} : { columns };
  throw new RequestError(
    header
      ? `${kind} has both columns and a header that names them; omit one, as in { header: false, columns }`
      : `${kind} without a header has no names for its columns; give them, as in columns: ["label", "sentence"]`,
  );
}

/** How a CSV file separates and names its columns. */
export interface CsvOptions extends TsvOptions {
  /** The separator between columns; a comma if omitted. */
  readonly separator?: string;
}

/**
 * The rows of comma-separated files (RFC 4180): a quoted field may contain separators, newlines and doubled quotes. All
 * values are strings. Files may be compressed with gzip or zstd.
 *
 * @param path Absolute, or relative to the pipeline file; or a pattern such as `./part-*.csv`.
 * @param template Texts in which `{column}` is replaced by a column of the row.
 * @throws {RequestError} If the columns are named twice or not at all, or an option is unknown.
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

/** Where the list of rows is in a JSON file. */
export interface JsonOptions {
  /** The path of the list, for example `"data"` or `"data.rows"`; omitted if the file itself is the list. */
  readonly at?: string;
}

/**
 * The rows of JSON files that contain a list of objects. The list is read item by item, so that it may be large.
 *
 * @param path Absolute, or relative to the pipeline file; or a pattern such as `./part-*.json`.
 * @param template Texts in which `{field}` is replaced by a field of the row, and `{choices.text}` by a nested field.
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
 * The rows of Parquet files with any compression. For a column of class ids written by Python's datasets,
 * `{label.name}` is the name of the class `{label}`. Columns of bytes, dates and decimals cannot be used in a template.
 *
 * @param path Absolute, or relative to the pipeline file; or a pattern such as `./train-*.parquet`.
 * @param template Texts in which `{column}` is replaced by a column of the row, and `{choices.text}` by a nested field.
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

/** The part and the version of a data set on the hub. */
export interface HubOptions {
  /** The configuration, for example `"ARC-Easy"`; may be omitted if there is only one, or a default. */
  readonly config?: string;
  /** The split, for example `"train"`; may be omitted if there is only one. */
  readonly split?: string;
  /** A branch, a tag or a commit; `main` if omitted. */
  readonly revision?: string;
}

/**
 * The rows of a data set on the Hugging Face hub, found like Python's datasets: through the card's `configs`, else by
 * the names of Parquet, JSON and CSV files, else in the hub's own Parquet copy. Files are kept in the cache of Python's
 * huggingface_hub.
 *
 * @param id `owner/name`.
 * @param options The part and the version to read.
 * @param template Texts in which `{field}` is replaced by a field of the row, and `{choices.text}` by a nested field.
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
 * @param records One object per row.
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

/** How conversations are formatted, and which turns are trained on. */
export interface ChatOptions {
  /**
   * `"completion"` trains on the assistant's last turn, and everything before it is the prompt; `"all-turns"` trains on
   * each of the assistant's turns, and the prompt ends before the first. An evaluation asks for the last turn in either
   * case.
   */
  readonly loss?: ChatSource["loss"];
  /** The system message for conversations without one, either as a message or as the row's `system`. */
  readonly system?: string;
  /**
   * Replaces the tokenizer's default template: the name of another of its templates, the path of a `.jinja` file
   * relative to the pipeline file, or Jinja text.
   */
  readonly template?: string;
  /** Tools passed to the template, as JSON schemas. */
  readonly tools?: readonly object[];
}

/**
 * Conversations, formatted by the tokenizer's chat template as by transformers' `apply_chat_template`. The tokens with
 * which the template ends a turn are trained on with it.
 *
 * @param rows The conversations, each a list of `{ role, content }` or an object with such `messages`; or the path of a
 * JSON Lines file, or another source without a template, whose rows have `messages`, `conversations` of `{ from, value
 * }`, or `instruction`, `input` and `output`, of which the first two are the user's turn. A row may have its own
 * `system` and `tools`; an assistant message with `weight: 0` is not trained on.
 * @param options Which turns are trained on, and what the template is passed.
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
  if (rows.kind === "records") {
    throw new RequestError(
      'chat takes the conversations themselves instead of records(…); write chat([[{ role: "user", content: "…" }, …], …])',
    );
  }
  if (rows.kind === "chat") throw new RequestError("chat is given rows of chat(…); use them as they are");
  if ("of" in rows) {
    throw new RequestError(
      "chat takes rows of a file or the hub without views; apply views to its result, as in chat(…).take(100)",
    );
  }
  if (rows.template === undefined) return { ...rows };
  throw new RequestError("chat formats rows with the chat template; omit the template of its rows");
}

/**
 * A template for preferences: how a row becomes a prompt with two answers, of which the first is preferred. Rows with
 * the fields `prompt`, `chosen` and `rejected` need none; `chat(…)` accepts rows in which these are messages.
 *
 * @param template Texts in which `{field}` is replaced by a field of the row. Without `prompt`, the tokens that both
 * answers begin with are the prompt.
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
