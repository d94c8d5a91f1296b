/** The rows of a data set tokenized as they are read, some at a time. @module */
import { formatLocation, type SourceLocation } from "../../common/errors.ts";
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
  /** What predicts their labels. */
  readonly head: Head | undefined;
  readonly maxLength: number | undefined;
  /** Which end of longer rows is cut. */
  readonly truncate: Truncation | undefined;
  /** Whether rows that are cut on the right lose of their prompt alone. */
  readonly cutsPrompt: boolean;
  /** How many tokens are to be written after each prompt. */
  readonly toWrite: number;
  /** Whether the model is to answer the last turn of a conversation, whatever is taught. */
  readonly asksLast: boolean;
  /** Examples that are put before the prompts. */
  readonly fewShot: FewShot | undefined;
}

/** A data set that is open to be read for a model. */
export interface OpenReading {
  readonly data: Dataset;
  readonly model: Model;
  readonly reading: Reading;
  readonly opened: OpenRows;
  /** Puts examples before prompts, where some are asked for. */
  readonly shots: Shots | undefined;
  /** Where files are. */
  readonly files: FileReading;
  /** What there is to say of the rows, by what it is of. */
  readonly notes: Map<string, string>;
}

/**
 * Opens a data set.
 *
 * @throws {RequestError} If a file is not there, or a template or the examples before the prompts are not sound.
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

/** Rows are tokenized some at a time, after which a request to stop is heard. */
const rowsAtOnce = 256;

/** A row with its record and its tokens. */
export interface TokenizedRow {
  readonly found: FoundRow;
  /** With the examples that are put before it. */
  readonly row: Row;
  readonly example: TokenizedExample;
}

/**
 * The rows of a data set with their tokens, in order, some at a time: waiting for each by itself would take longer than
 * tokenizing it.
 *
 * @param read Those that were read already.
 * @throws {RequestError} If a row cannot be read, is not what the model predicts, or is too long.
 */
export async function* tokenizedParts(
  runContext: RunContext,
  open: OpenReading,
  read?: readonly FoundRow[],
): AsyncGenerator<readonly TokenizedRow[]> {
  const { data, model: { tokenizer }, reading: { head }, opened, shots, files, notes } = open;
  if (head === undefined && !hasTurns(data) && tokenizer.chat.templates.size > 0) {
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
        requireKind([next.value.row], head);
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
  const { model: { architecture: { encoder }, tokenizer }, reading, shots, notes } = open;
  const hasEncoder = encoder !== undefined;
  const say = (about: RowNote, place: SourceLocation, detail?: string) => {
    const more = detail === undefined ? "" : ` (${detail})`;
    note(notes, `${formatLocation(place)}: ${rowNotes[about]}${more}`, about);
  };
  const rows = found.map(({ row }) => {
    return shots === undefined ? row : atLocationOf(reading.fewShot, () => shots.before(row));
  });
  const examples = tokenizeFor(reading.head, rows, tokenizer, {
    ...limitsOf(open),
    toWrite: hasEncoder ? 0 : reading.toWrite,
    asks: reading.asksLast,
    cutsPrompt: reading.cutsPrompt,
    hasEncoder,
    note: say,
  });
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

/** All that examples depend on besides their records. */
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
  if (head === undefined) return tokenize(rows, tokenizer, options);
  if (head.kind !== "reward") return tokenizeLabelled(rows, tokenizer, targetsOf(head), options);
  return tokenize(rows, tokenizer, options).map((example) => ({ ...example, isScored: true }));
}

/** Takes note of what is said once, whatever the rows are that it is true of. */
function note(notes: Map<string, string>, message: string, kind = message): void {
  notes.getOrInsertComputed(kind, () => message);
}

const bareRows =
  "the model has a chat template and these rows are put into text without it; chat(…) puts them into its form";
