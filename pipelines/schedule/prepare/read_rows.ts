/** Rows read and tokenized as a model takes them. @module */
import { atLocationOf, placed } from "../../common/source_location.ts";
import type { Head } from "../../compile/lower/adaptation.ts";
import type { Dataset } from "../../data/dataset.ts";
import { tokenize, type TokenizedExample, type TokenizeOptions } from "../../data/examples.ts";
import { endTokensOf } from "../../data/end_tokens.ts";
import { type FewShot, withShots } from "../../data/few_shot.ts";
import { tokenizeLabelled } from "../../data/labelled.ts";
import type { Truncation } from "../../data/length_limits.ts";
import type { FileReading } from "../../data/files/record_kind.ts";
import type { Row } from "../../data/row.ts";
import { loadRows } from "../../data/rows.ts";
import { hasTurns } from "../../data/source_kinds.ts";
import type { Model } from "../../models/open/model.ts";
import type { Emit } from "../../results/events.ts";
import { beginWork } from "../context/work.ts";
import { requireKind, targetsOf } from "./head_checks.ts";

/** Rows with their tokens. */
export interface PreparedRows {
  readonly rows: readonly Row[];
  readonly examples: readonly TokenizedExample[];
}

/** How rows are read. */
interface Reading {
  /** What predicts their labels. */
  readonly head: Head | undefined;
  readonly maxLength: number | undefined;
  /** Which end of longer rows is cut. */
  readonly truncate: Truncation | undefined;
  /** How many tokens are to be written after each prompt. */
  readonly toWrite: number;
  /** Whether the model is to answer the last turn of a conversation, whatever is taught. */
  readonly asksLast: boolean;
  /** Examples that are put before the prompts. */
  readonly fewShot: FewShot | undefined;
  /** Is shown how far large data sets are. */
  readonly emit: Emit;
  /** Takes what a person should know of the rows. */
  readonly warn: (message: string, kind?: string) => void;
  /** Takes what there is to say of a row. */
  readonly note: NonNullable<TokenizeOptions["note"]>;
}

/**
 * The rows of a data set for a model, or for its head where it has one.
 *
 * @param files Where files are, and how data sets are had from a hub.
 * @throws {RequestError} If a row cannot be read, is not what the model predicts, or is too long.
 */
export async function readRows(
  data: Dataset,
  files: FileReading,
  { architecture: { contextLength: maxContext, encoder }, tokenizer }: Model,
  { head, maxLength, truncate, toWrite, asksLast, fewShot, emit, warn, note }: Reading,
): Promise<PreparedRows> {
  const ends = endTokensOf(tokenizer), hasEncoder = encoder !== undefined;
  const reading = { format: tokenizer.chat, asksLast, ends, warn };
  const own = await atLocationOf(data, () => loadRows(data, files, reading));
  atLocationOf(data, () => requireKind(own, head));
  const rows = fewShot === undefined ? own : await atLocationOf(fewShot, () => withShots(own, fewShot, files, reading));
  if (head === undefined && !hasTurns(data) && tokenizer.chat.templates.size > 0) {
    warn(placed(data, bareRows), "bareRows");
  }
  const limit = {
    maxContext,
    ...maxLength === undefined ? {} : { maxLength },
    ...truncate === undefined ? {} : { truncate },
  };
  const examples = await inParts(rows, emit, (part) => {
    const options = { ...limit, toWrite: hasEncoder ? 0 : toWrite, asks: asksLast, hasEncoder, note };
    return tokenizeFor(head, part, tokenizer, options);
  });
  return { rows: rows.map((row, at) => withoutSpecial(row, examples[at]!, tokenizer)), examples };
}

/** Rows as token ids for a model without a head, or for what its head reads. */
export function tokenizeFor(
  head: Head | undefined,
  rows: readonly Row[],
  tokenizer: Model["tokenizer"],
  options: TokenizeOptions,
): TokenizedExample[] {
  if (head === undefined) return tokenize(rows, tokenizer, options);
  if (head.kind !== "reward") return tokenizeLabelled(rows, tokenizer, targetsOf(head), options);
  return tokenize(rows, tokenizer, options).map((example) => ({ ...example, isScored: true }));
}

/** What a template writes for a turn, compared as answers are: without special tokens. */
function withoutSpecial(row: Row, { completion }: TokenizedExample, tokenizer: Model["tokenizer"]): Row {
  if (row.isTemplated === undefined) return row;
  return { ...row, completion: tokenizer.decode(completion, { skipSpecialTokens: true }) };
}

const bareRows =
  "the model has a chat template and these rows are put into text without it; chat(…) puts them into its form";

/** Up to so many rows are tokenized in a moment; of more it is shown how many are done. */
const rowsAtOnce = 2000;

/** Does something with rows part by part, so that it can be shown and stopped. */
async function inParts<T>(rows: readonly Row[], emit: Emit, act: (part: readonly Row[]) => T[]): Promise<T[]> {
  if (rows.length <= rowsAtOnce) return act(rows);
  const show = beginWork(emit, "tokenize", rows.length), made: T[] = [];
  for (let start = 0; start < rows.length; start += rowsAtOnce) {
    for (const item of act(rows.slice(start, start + rowsAtOnce))) made.push(item);
    show(made.length);
    await new Promise((resolve) => setTimeout(resolve));
  }
  return made;
}
