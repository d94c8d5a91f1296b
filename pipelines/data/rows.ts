import { resolve } from "node:path";
import { RequestError, type SourceLocation } from "../common/errors.ts";
import { conversationOf, textOf } from "./chat/conversation.ts";
import { chatRenderer, type Render } from "./chat/template.ts";
import { findTurns, type Turns } from "./chat/turns.ts";
import type { ChatSource, Dataset, Source, SplitView } from "./dataset.ts";
import { checkRecord, type RawRow, readJsonl } from "./jsonl.ts";
import type { ChatFormat } from "../models/tokenization/chat_template.ts";
import { createRandom } from "./random.ts";
import type { Filled } from "./template.ts";
import { templateReader } from "./template_rows.ts";
import { readTsv } from "./tsv.ts";

/** One example as text. */
export interface Row {
  /** What the completion is: a text to write, or a label to tell. */
  readonly kind: "completion" | "label";
  readonly prompt: string;
  /** A second text beside the prompt, of a row with a label. */
  readonly pair?: string;
  /** Where each field of the prompt's template stands in it. */
  readonly spans: Filled["spans"];
  /** What the model is to answer, never empty. */
  readonly completion: string;
  /** All that the source has about the row. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** Where the row stands; `records(...)` counts as a file named `records` with one row a line, `chat(...)` likewise. */
  readonly place: SourceLocation;
  /** Set if the row is a conversation: its whole text, of which the prompt is the beginning. */
  readonly turns?: Turns;
}

/** How conversations are put into text. */
export interface ChatReading {
  /** The tokenizer's templates. */
  readonly format: ChatFormat;
  /** Whether the last turn is asked for, whatever is taught. */
  readonly asksLast: boolean;
}

/**
 * Reads a dataset's rows, in the source's order. Every line of a source must be a record, but only the rows that
 * the views leave have to fit the templates.
 *
 * @param dataset A source and its views.
 * @param base The folder that relative paths count from.
 * @param chat How conversations are read; only they need it.
 * @throws {RequestError} If a file, a line, a template or a view is wrong, a row lacks a field that a template names,
 * a completion or label is empty, a conversation or its template is not sound, or no row is left.
 */
export async function loadRows(dataset: Dataset, base: string, chat?: ChatReading): Promise<Row[]> {
  const source = sourceOf(dataset);
  const read = source.kind === "chat" ? await chatReader(source, base, chat) : templateReader(source.template);
  const all = await readSource(source, base);
  const file = all[0]?.place.file ?? source.kind;
  const rows = select(dataset, all, file);
  if (rows.length === 0) {
    throw new RequestError(
      `no row is left of ${all.length} after ${describeViews(dataset)}; give it more rows or ask for fewer`,
      { file },
    );
  }
  return rows.map(read);
}

async function chatReader(source: ChatSource, base: string, chat: ChatReading | undefined) {
  if (chat === undefined) throw new TypeError("Conversations cannot be read without a tokenizer's templates");
  const render: Render = await chatRenderer(source, chat.format, base);
  const loss = chat.asksLast ? "completion" : source.loss;
  return ({ fields, place }: RawRow): Row => {
    const conversation = conversationOf(fields, source.system, place);
    const turns = findTurns(conversation, loss, render, place);
    const prompt = loss === "completion" ? turns.asked : turns.text.slice(0, turns.spans[0]![0]);
    return { kind: "completion", prompt, spans: {}, completion: textOf(conversation.at(-1)!), fields, place, turns };
  };
}

/** What a dataset is a view of. */
export function sourceOf(dataset: Dataset): Source {
  return "of" in dataset ? sourceOf(dataset.of) : dataset;
}

async function readSource(source: Source, base: string): Promise<RawRow[]> {
  const { kind } = source, held = source.kind === "chat" ? source.conversations : source;
  if (held.kind === "tsv") return await readTsv(resolve(base, held.path), held.columns);
  if (held.kind === "jsonl") return await readJsonl(resolve(base, held.path));
  if (held.records.length === 0) throw new RequestError(`${kind}([]) holds no rows; give it at least one`);
  return held.records.map((record, index) => {
    const place = { file: kind, line: index + 1 };
    const fields = kind === "chat" && Array.isArray(record) ? { messages: record } : record;
    return { fields: checkRecord(fields, place), place };
  });
}

/** The rows that a dataset's views leave of its source's. */
function select(dataset: Dataset, all: readonly RawRow[], file: string): readonly RawRow[] {
  switch (dataset.kind) {
    case "jsonl":
    case "tsv":
    case "records":
    case "chat":
      return all;
    case "take":
      return select(dataset.of, all, file).slice(0, checkCount(dataset.kind, dataset.count));
    case "skip":
      return select(dataset.of, all, file).slice(checkCount(dataset.kind, dataset.count));
    case "split": {
      const rows = select(dataset.of, all, file);
      const test = testRows(dataset, rows.length, file);
      return rows.filter((_, index) => test.has(index) === (dataset.part === "test"));
    }
  }
}

/** Which of `count` rows are for testing. */
function testRows({ test, seed }: SplitView, count: number, file: string): ReadonlySet<number> {
  const isShare = test > 0 && test < 1;
  if (!isShare && !(Number.isSafeInteger(test) && test >= 1)) {
    throw new RequestError(
      `expected split's test to be a share between 0 and 1 or a whole number of rows but found ${test}; correct it, as in 0.25`,
    );
  }
  if (!Number.isSafeInteger(seed)) {
    throw new RequestError(`expected split's seed to be a whole number but found ${seed}; correct it, as in 7`);
  }
  const size = isShare ? Math.max(1, Math.round(test * count)) : test;
  if (size >= count) {
    throw new RequestError(
      `split({ test: ${test} }) of ${count} rows leaves none to train on; give it more rows or a smaller test`,
      { file },
    );
  }
  const order = createRandom(seed, "split").shuffle(Array.from({ length: count }, (_, index) => index));
  return new Set(order.slice(0, size));
}

function checkCount(view: string, count: number): number {
  if (Number.isSafeInteger(count) && count >= 0) return count;
  throw new RequestError(
    `expected ${view}'s count to be a whole number of rows but found ${count}; correct it, as in .${view}(100)`,
  );
}

/** As a pipeline file has them: `.skip(10).take(5)`. */
function describeViews(dataset: Dataset): string {
  switch (dataset.kind) {
    case "jsonl":
    case "tsv":
    case "records":
    case "chat":
      return "";
    case "take":
    case "skip":
      return `${describeViews(dataset.of)}.${dataset.kind}(${dataset.count})`;
    case "split":
      return `${describeViews(dataset.of)}.split({ test: ${dataset.test} }).${dataset.part}`;
  }
}
