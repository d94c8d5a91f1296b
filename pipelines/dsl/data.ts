import type { ChatRow, ChatSource } from "../data/chat/source.ts";
import type { Dataset, Source, Template } from "../data/dataset.ts";
import { RequestError } from "../common/errors.ts";
import { withMethods } from "./methods.ts";
import { flag, integer, leaf, listOf, optional, text } from "../common/checks.ts";
import { guarded } from "../common/guarded.ts";
import { sourceKinds } from "../data/source_kinds.ts";
import { requireCall, type SettingChecks, swept } from "./calls.ts";

/** How a split is drawn. */
export interface SplitOptions {
  /** Share of the rows, between 0 and 1, or a number of rows from 1 on. */
  readonly test: number;
  /** Decides which rows are drawn. */
  readonly seed: number;
}

/** Rows of prompts and completions, or of texts and labels, and views of them. */
export type Rows = Dataset & {
  /**
   * The first rows.
   *
   * @example A small run on the first 100 rows
   * ```ts
   * import { jsonl } from "refract";
   *
   * const rows = jsonl("./rows.jsonl", { prompt: "{question}\n", completion: "{answer}" });
   * const few = rows.take(100);
   * ```
   */
  take(count: number): Rows;
  /**
   * The rows after the first.
   *
   * @example The last 50 of 250 rows for an evaluation
   * ```ts
   * import { jsonl } from "refract";
   *
   * const rows = jsonl("./rows.jsonl", { prompt: "{question}\n", completion: "{answer}" });
   * const [seen, unseen] = [rows.take(200), rows.skip(200)];
   * ```
   */
  skip(count: number): Rows;
  /**
   * The rows in two parts without overlap, both in file order.
   *
   * @example A quarter of the rows held back
   * ```ts
   * import { jsonl } from "refract";
   *
   * const rows = jsonl("./rows.jsonl", { prompt: "{question}\n", completion: "{answer}" });
   * const { train: seen, test: unseen } = rows.split({ test: 0.25, seed: 7 });
   * ```
   */
  split(options: SplitOptions): { readonly train: Rows; readonly test: Rows };
};

/** The names that any of several records has. */
type KeysOf<T> = T extends unknown ? keyof T : never;

/** What a record of rows may have beside its views: a source has some settings, a view others. */
const optionalFields = [
  ...Object.values(sourceKinds).flatMap(({ settings }) => Object.keys(settings)),
  ...["of", "count", "part", "test", "seed"] satisfies KeysOf<Exclude<Dataset, Source>>[],
];

const splitOptions: SettingChecks<SplitOptions> = {
  test: swept(leaf("a share between 0 and 1 or a whole number of rows", (value) => {
    return typeof value === "number" && value > 0 && (value < 1 || Number.isSafeInteger(value));
  })),
  seed: swept(integer),
};

function viewed(data: Dataset): Rows {
  const of: Rows = withMethods(
    data,
    {
      take(count: number) {
        requireCall("take", arguments);
        return viewed({ kind: "take", of, count });
      },
      skip(count: number) {
        requireCall("skip", arguments);
        return viewed({ kind: "skip", of, count });
      },
      split(options: SplitOptions) {
        requireCall("split", arguments, splitOptions);
        const { test, seed } = options;
        const part = (part: "train" | "test") => viewed({ kind: "split", of, part, test, seed });
        return guarded({ train: part("train"), test: part("test") }, "a split");
      },
    },
    "a data set",
    optionalFields,
  );
  return of;
}

/**
 * The rows of a JSON Lines file.
 *
 * @param path Absolute, or relative to the pipeline file.
 * @param template Texts in which `{field}` is replaced by a field of the row.
 *
 * @example Questions and answers
 * ```ts
 * import { jsonl } from "refract";
 *
 * const rows = jsonl("./arc_easy.jsonl", { prompt: "{question}\n", completion: "{answer}" });
 * ```
 */
export function jsonl(path: string, template: Template): Rows {
  requireCall("jsonl", arguments);
  return viewed({ kind: "jsonl", path, template });
}

/** How a file of columns names them. */
export interface TsvOptions {
  /** Whether the first line names the columns; it does if omitted. */
  readonly header?: boolean;
  /** The columns' names in order, with `header: false`. */
  readonly columns?: readonly string[];
}

const tsvOptions: SettingChecks<TsvOptions> = {
  header: optional(flag),
  columns: optional(listOf("a list of names", text)),
};

/**
 * The rows of a file whose columns are parted by tabs, as GLUE's are: nothing is quoted, and a quotation mark stands for
 * itself.
 *
 * @param path Absolute, or relative to the pipeline file.
 * @param template Texts in which `{column}` is replaced by a column of the row.
 * @throws {RequestError} If the columns have two sources of names, or none.
 *
 * @example GLUE's CoLA, whose files have no header
 * ```ts
 * import { tsv } from "refract";
 *
 * const columns = ["source", "label", "mark", "sentence"];
 * const seen = tsv("./CoLA/train.tsv", { text: "{sentence}", label: "{label}" }, { header: false, columns });
 * ```
 */
export function tsv(path: string, template: Template, options: TsvOptions = {}): Rows {
  requireCall("tsv", arguments, tsvOptions);
  const { header = true, columns } = options;
  if (header === (columns === undefined)) return viewed({ kind: "tsv", path, template, ...columns && { columns } });
  throw new RequestError(
    header
      ? "tsv has columns beside a header that names them; leave one out, as in { header: false, columns }"
      : 'tsv without a header has no names for its columns; give them, as in columns: ["label", "sentence"]',
  );
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
export function records(records: readonly Readonly<Record<string, unknown>>[], template: Template): Rows {
  requireCall("records", arguments);
  return viewed({ kind: "records", records, template });
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
 * JSON Lines file whose rows have `messages`, or `conversations` of `{ from, value }`. A row may have its own `system` and
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
export function chat(rows: string | readonly ChatRow[], options: ChatOptions = {}): Rows {
  requireCall("chat", arguments);
  const conversations = typeof rows === "string"
    ? { kind: "jsonl" as const, path: rows }
    : { kind: "records" as const, records: rows };
  return viewed({ kind: "chat", loss: "completion", ...options, conversations });
}
