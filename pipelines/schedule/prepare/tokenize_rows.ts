/** Tokenizes the rows of a data set as they are read, some at a time. @module */
import { join } from "node:path";
import { inTime } from "../../common/deadline.ts";
import { formatLocation, RequestError, type SourceLocation } from "../../common/errors.ts";
import { mapRecord } from "../../common/map_record.ts";
import { atLocationOf, placed } from "../../common/source_location.ts";
import type { Head } from "../../compile/lower/adaptation.ts";
import type { Dataset } from "../../data/dataset.ts";
import { endTokensOf } from "../../data/end_tokens.ts";
import { type RowNote, rowNotes, tokenize, type TokenizedExample, type TokenizeOptions } from "../../data/examples.ts";
import { type FewShot, type Shots, shotsOf } from "../../data/few_shot.ts";
import type { FileReading } from "../../data/files/record_kind.ts";
import { tokenizeLabelled } from "../../data/labelled.ts";
import type { Truncation } from "../../data/length_limits.ts";
import type { Row } from "../../data/row.ts";
import { type FoundRow, type OpenRows, openRows } from "../../data/rows.ts";
import { hasTurns } from "../../data/source_kinds.ts";
import type { Model } from "../../models/open/model.ts";
import type { RunContext } from "../context/run_context.ts";
import { fileProgress } from "../context/work.ts";
import { requireKind, targetsOf } from "./head_checks.ts";
import { tokenizeProgress } from "./tokenize_progress.ts";

/** How rows are read. */
export interface Reading {
  /** The head that predicts their labels. */
  readonly head: Head | undefined;
  readonly maxLength: number | undefined;
  /** Which end of longer rows is cut. */
  readonly truncate: Truncation | undefined;
  /** Whether rows that are cut on the right lose only tokens of their prompt. */
  readonly cutsPrompt: boolean;
  /** How many tokens are to be generated after each prompt. */
  readonly toWrite: number;
  /** Whether the model is to answer the last turn of a conversation, whichever turns are trained on. */
  readonly asksLast: boolean;
  /** Whether rows with labels are read for a model without a head; the labels are then kept beside what it computes. */
  readonly keepsLabels?: boolean;
  /** Examples that precede the prompts. */
  readonly fewShot: FewShot | undefined;
}

/** A data set that is open to be read for a model. */
export interface OpenReading {
  readonly data: Dataset;
  readonly model: Model;
  readonly reading: Reading;
  readonly opened: OpenRows;
  /** Prepends examples to prompts, if any are requested. */
  readonly shots: Shots | undefined;
  /** Where files are. */
  readonly files: FileReading;
  /** Notes on the rows, by what they are about. */
  readonly notes: Map<string, string>;
}

/**
 * Opens a data set.
 *
 * @throws {RequestError} If a file does not exist, or a template or the few-shot examples are invalid.
 */
export async function openReading(
  { base, hub, emit }: RunContext,
  data: Dataset,
  model: Model,
  reading: Reading,
): Promise<OpenReading> {
  const { tokenizer } = model, { asksLast, fewShot } = reading, notes = new Map<string, string>();
  const warn = (message: string) => note(notes, message);
  const files = { base, hub, progress: fileProgress(emit), warn };
  const chat = { format: tokenizer.chat, asksLast, ends: endTokensOf(tokenizer), warn };
  const opened = await atLocationOf(data, () => openRows(data, files, chat));
  const shots = fewShot && await atLocationOf(fewShot, () => shotsOf(fewShot, files, chat));
  return { data, model, reading, opened, shots, files, notes };
}

/** The number of rows tokenized at a time, after which a request to stop takes effect. */
const rowsAtOnce = 256;

/** A row with its record and its tokens. */
export interface TokenizedRow {
  readonly found: FoundRow;
  /** Including the examples that precede it. */
  readonly row: Row;
  readonly example: TokenizedExample;
}

/**
 * The rows of a data set with their tokens, in order, some at a time: awaiting each row separately would take longer
 * than tokenizing it.
 *
 * @param read Those that were read already.
 * @throws {RequestError} If a row cannot be read, is not what the model predicts, or is too long.
 */
export async function* tokenizedParts(
  runContext: RunContext,
  open: OpenReading,
  read?: readonly FoundRow[],
): AsyncGenerator<readonly TokenizedRow[]> {
  const { data, model: { tokenizer }, reading: { head, keepsLabels = false }, opened, shots, files, notes } = open;
  if (head === undefined && !keepsLabels && !hasTurns(data) && tokenizer.chat.templates.size > 0) {
    note(notes, placed(data, bareRows), "bareRows");
  }
  const show = tokenizeProgress(runContext.emit);
  const rows = read === undefined ? opened.read({ ...files, progress: show.file }) : Iterator.from(read);
  let done = 0;
  for (let isOver = false; !isOver;) {
    const part: FoundRow[] = [];
    await atLocationOf(data, async () => {
      while (part.length < rowsAtOnce) {
        const next = await rows.next();
        isOver = next.done === true;
        if (next.done) break;
        requireKind([next.value.row], head, keepsLabels);
        part.push(next.value);
      }
    });
    yield tokenizedPart(open, part);
    show.rows(done += part.length);
    await runContext.stopIfAsked();
  }
  show.finish();
  const said = shots?.note();
  if (said !== undefined) note(notes, said);
}

function tokenizedPart(open: OpenReading, found: readonly FoundRow[]): readonly TokenizedRow[] {
  const { model: { architecture: { encoder }, folder, tokenizer }, reading, shots, notes } = open;
  const hasEncoder = encoder !== undefined;
  const say = (about: RowNote, place: SourceLocation, detail?: string) => {
    const more = detail === undefined ? "" : ` (${detail})`;
    note(notes, `${formatLocation(place)}: ${rowNotes[about]}${more}`, about);
  };
  const rows = found.map(({ row }) => {
    return shots === undefined ? row : atLocationOf(reading.fewShot, () => shots.before(row));
  });
  const options = {
    ...limitsOf(open),
    toWrite: hasEncoder ? 0 : reading.toWrite,
    asks: reading.asksLast,
    cutsPrompt: reading.cutsPrompt,
    hasEncoder,
    note: say,
  };
  const characters = rows.reduce((sum, { prompt, completion }) => sum + prompt.length + completion.length, 0);
  const late = (seconds: number) =>
    new RequestError(`takes more than ${seconds} s for ${rows.length} rows; choose a model with another tokenizer`, {
      file: join(folder, "tokenizer.json"),
    });
  // One deadline for all of them: setting one takes longer than encoding a row.
  const examples = inTime(2 * characters, late, () => tokenizeFor(reading.head, rows, tokenizer, options));
  return found.map((each, at) => ({ found: each, row: rows[at]!, example: examples[at]! }));
}

function limitsOf({ model: { architecture: { contextLength: maxContext } }, reading }: OpenReading) {
  const { maxLength, truncate } = reading;
  return {
    maxContext,
    ...maxLength === undefined ? {} : { maxLength },
    ...truncate === undefined ? {} : { truncate },
  };
}

/** Everything that examples depend on besides their records. */
export function settingsOf(open: OpenReading): unknown {
  const { model: { architecture, tokenizer }, reading, shots } = open;
  const { head, toWrite, asksLast, cutsPrompt, maxLength } = reading;
  return {
    tokenizer: tokenizer.digest,
    embedded: architecture.vocabularySize,
    limits: mapRecord(limitsOf(open), String),
    ...maxLength === undefined ? {} : { toWrite },
    ...head === undefined ? {} : { head: [head.kind, [...head.labels]] },
    asksLast,
    ...cutsPrompt ? { cutsPrompt } : {},
    hasEncoder: architecture.encoder !== undefined,
    ...shots === undefined ? {} : { shots: shots.text },
  };
}

/** Rows as token ids for a model without a head, or for what its head reads. */
export function tokenizeFor(
  head: Head | undefined,
  rows: readonly Row[],
  tokenizer: Model["tokenizer"],
  options: TokenizeOptions,
): TokenizedExample[] {
  // Labels that nothing predicts are kept as they are; all rows of a data set are of one kind.
  if (head === undefined && rows[0]?.kind === "label") return tokenizeLabelled(rows, tokenizer, () => 0, options);
  if (head === undefined) return tokenize(rows, tokenizer, options);
  if (head.kind !== "reward") return tokenizeLabelled(rows, tokenizer, targetsOf(head), options);
  return tokenize(rows, tokenizer, options).map((example) => ({ ...example, isScored: true }));
}

/** Records a note that is given once, however many rows it is true of. */
function note(notes: Map<string, string>, message: string, kind = message): void {
  notes.getOrInsertComputed(kind, () => message);
}

/** A note on rows that are no conversations, for a model that has a chat template. */
export const bareRows = "the model has a chat template, but these rows are formatted without it; chat(…) applies it";
