/** Rows read and tokenized as a model takes them. @module */
import { MadeRows, type RowList } from "../../common/row_list.ts";
import { formatLocation, RunError, type SourceLocation } from "../../common/errors.ts";
import { atLocationOf, placed } from "../../common/source_location.ts";
import type { Head } from "../../compile/lower/adaptation.ts";
import type { Dataset } from "../../data/dataset.ts";
import { type RowNote, rowNotes, tokenize, type TokenizedExample, type TokenizeOptions } from "../../data/examples.ts";
import { endTokensOf } from "../../data/end_tokens.ts";
import { type FewShot, type Shots, shotsOf } from "../../data/few_shot.ts";
import { tokenizeLabelled } from "../../data/labelled.ts";
import type { Truncation } from "../../data/length_limits.ts";
import { type PlacedRecord, recordOf, recordText } from "../../data/files/record_text.ts";
import type { Row } from "../../data/row.ts";
import { sampleOf } from "../../data/row_sample.ts";
import { type FoundRow, type OpenRows, openRows } from "../../data/rows.ts";
import { hasTurns } from "../../data/source_kinds.ts";
import type { Model } from "../../models/open/model.ts";
import { type Entry, keyOf } from "../../store/store.ts";
import { fileProgress } from "../context/work.ts";
import { mapRecord } from "../../common/map_record.ts";
import type { RunContext } from "../context/run_context.ts";
import { requireKind, targetsOf } from "./head_checks.ts";
import { keptRows, KeptRowsWriter } from "./kept_rows.ts";
import { identityOf, RecordsDigest, type RowsIdentity } from "./row_key.ts";
import { tokenizeProgress } from "./tokenize_progress.ts";

/** Rows with their tokens. */
export interface PreparedRows {
  readonly rows: RowList<Row>;
  readonly examples: RowList<TokenizedExample>;
  /** Set if these are a sample of the data set's rows: of how many. */
  readonly of?: number;
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
  /** Whether rows with labels are read for a model without a head, which are then kept beside what it computes. */
  readonly keepsLabels?: boolean;
  /** Examples that are put before the prompts. */
  readonly fewShot: FewShot | undefined;
  /** How many rows are enough, drawn of all; all of them if `undefined`. */
  readonly sample: number | undefined;
  /** Takes what a person should know of the rows. */
  readonly warn: (message: string, kind?: string) => void;
}

/**
 * The rows of a data set for a model, or for its head where it has one. Rows that were tokenized once are read from the
 * store.
 *
 * @throws {RequestError} If a row cannot be read, is not what the model predicts, or is too long.
 */
export async function readRows(
  runContext: RunContext,
  data: Dataset,
  model: Model,
  reading: Reading,
): Promise<PreparedRows> {
  return await new RowsReading(runContext, data, model, reading).read();
}

/** Rows are tokenized some at a time, after which a request to stop is heard. */
const rowsAtOnce = 256;

/** Fewer rows are encoded again in a moment, and nothing is kept of them. */
export const leastKept = 1000;

/** A row with its record and its tokens. */
interface TokenizedRow {
  readonly found: PlacedRecord;
  readonly row: Row;
  readonly example: TokenizedExample;
}

/** The reading of one data set. */
class RowsReading {
  readonly #runContext: RunContext;
  readonly #data: Dataset;
  readonly #model: Model;
  readonly #reading: Reading;
  /** What there is to say of the rows, by what it is of. */
  readonly #notes = new Map<string, string>();

  constructor(runContext: RunContext, data: Dataset, model: Model, reading: Reading) {
    this.#runContext = runContext;
    this.#data = data;
    this.#model = model;
    this.#reading = reading;
  }

  async read(): Promise<PreparedRows> {
    const { fewShot } = this.#reading, { store } = this.#runContext;
    const opened = await atLocationOf(this.#data, () => openRows(this.#data, this.#files(), this.#chat()));
    const shots = fewShot && await atLocationOf(fewShot, () => shotsOf(fewShot, this.#files(), this.#chat()));
    const identity = await atLocationOf(this.#data, () => {
      return identityOf(this.#data, opened, this.#files(), this.#settings(shots), leastKept);
    });
    const stored = identity && await store.get("rows", identity.key);
    if (identity !== undefined && stored !== undefined) return await this.#kept(stored, identity, opened, shots);
    const { sample } = this.#reading;
    if (sample === undefined) return await this.#encoded(opened, shots, identity);
    const ofSample = identity && { ...identity, key: keyOf([identity.key, "sample", sample]), content: undefined };
    const drawn = ofSample && await store.get("rows", ofSample.key);
    if (ofSample !== undefined && drawn !== undefined) return await this.#kept(drawn, ofSample, opened, shots);
    const found = await atLocationOf(this.#data, () => sampleOf(opened.read(this.#files()), sample));
    return found.of > sample
      ? await this.#encoded(opened, shots, ofSample, found)
      : await this.#encoded(opened, shots, identity, { ...found, of: undefined });
  }

  /** The rows of an entry of the store. */
  async #kept(
    entry: Entry,
    { files }: RowsIdentity,
    opened: OpenRows,
    shots: Shots | undefined,
  ): Promise<PreparedRows> {
    this.#runContext.opened.use(entry);
    const { tokenizer } = this.#model;
    const { rows, examples, notes, of } = await keptRows(entry, (record) => {
      const row = opened.rowOf(recordOf(record, files));
      return shots === undefined ? row : shots.before(row);
    });
    for (const [message, kind] of notes) this.#reading.warn(message, kind);
    return { rows: madeRows(rows, examples, tokenizer), examples, ...of === undefined ? {} : { of } };
  }

  /**
   * The rows encoded anew, and kept in the store if they are many and can be.
   *
   * @param read Those that were read already, and if they are a sample of how many.
   */
  async #encoded(
    opened: OpenRows,
    shots: Shots | undefined,
    identity: RowsIdentity | undefined,
    read?: { readonly rows: readonly FoundRow[]; readonly of: number | undefined },
  ): Promise<PreparedRows> {
    const all = this.#tokenized(opened, shots, read?.rows), first: TokenizedRow[] = [], of = read?.of;
    for (let next = await all.next(); !next.done; next = await all.next()) {
      first.push(next.value);
      if (identity === undefined || first.length < leastKept) continue;
      const entry = await this.#keep(first, all, identity, of);
      if (entry !== undefined) return await this.#kept(entry, identity, opened, shots);
      // What is only planned needs no store that can be written.
      return await this.#encoded(opened, shots, undefined, read);
    }
    for (const [kind, message] of this.#notes) this.#reading.warn(message, kind);
    return {
      rows: first.map(({ row, example }) => withoutSpecial(row, example, this.#model.tokenizer)),
      examples: first.map(({ example }) => example),
      ...of === undefined ? {} : { of },
    };
  }

  /** Writes rows to an entry of the store; nothing if it can't be written. */
  async #keep(
    first: readonly TokenizedRow[],
    rest: AsyncIterable<TokenizedRow>,
    { key, files, bytes, content }: RowsIdentity,
    of: number | undefined,
  ): Promise<Entry | undefined> {
    const { store } = this.#runContext, digest = new RecordsDigest();
    let entry: Entry;
    try {
      entry = await store.putAndOpen("rows", key, async (writer) => {
        const kept = new KeptRowsWriter(writer, 2 * bytes);
        const keep = ({ found, row, example }: TokenizedRow) => {
          const text = recordText(found, files);
          if (text === undefined) throw new TypeError("A record of a file can't be kept");
          if (content !== undefined) digest.add(text);
          kept.add(example, row, text);
        };
        first.forEach(keep);
        for await (const row of rest) keep(row);
        kept.finish([...this.#notes].map(([kind, message]) => [message, kind]), of);
      });
    } catch (fault) {
      if (fault instanceof RunError) return undefined;
      throw fault;
    }
    // A function that gives other rows each time it is called gives them to nobody else.
    if (content !== undefined && digest.finish().digest !== content) store.remove("rows", key);
    return entry;
  }

  async *#tokenized(
    opened: OpenRows,
    shots: Shots | undefined,
    read?: readonly FoundRow[],
  ): AsyncGenerator<TokenizedRow> {
    const { head } = this.#reading, { tokenizer } = this.#model;
    if (
      head === undefined && !this.#reading.keepsLabels && !hasTurns(this.#data) && tokenizer.chat.templates.size > 0
    ) {
      this.#note(placed(this.#data, bareRows), "bareRows");
    }
    const show = tokenizeProgress(this.#runContext.emit);
    const part: { readonly found: PlacedRecord; readonly row: Row }[] = [];
    let done = 0;
    const tokenizePart = async () => {
      const rows = part.splice(0), examples = this.#tokenize(rows.map(({ row }) => row));
      show.rows(done += rows.length);
      await this.#runContext.stopIfAsked();
      return rows.map((row, at): TokenizedRow => ({ ...row, example: examples[at]! }));
    };
    const reading = read === undefined ? opened.read({ ...this.#files(), progress: show.file }) : Iterator.from(read);
    for (;;) {
      const next = await atLocationOf(this.#data, () => reading.next());
      if (next.done) break;
      const { row, ...found } = next.value;
      atLocationOf(this.#data, () => requireKind([row], head, this.#reading.keepsLabels));
      part.push({
        found,
        row: shots === undefined ? row : atLocationOf(this.#reading.fewShot, () => shots.before(row)),
      });
      if (part.length === rowsAtOnce) yield* await tokenizePart();
    }
    yield* await tokenizePart();
    show.finish();
    const note = shots?.note();
    if (note !== undefined) this.#note(note);
  }

  #tokenize(rows: readonly Row[]): TokenizedExample[] {
    const { head, toWrite, asksLast: asks } = this.#reading;
    const { architecture: { encoder }, tokenizer } = this.#model;
    const hasEncoder = encoder !== undefined;
    const note = (note: RowNote, place: SourceLocation, detail?: string) => {
      const more = detail === undefined ? "" : ` (${detail})`;
      this.#note(`${formatLocation(place)}: ${rowNotes[note]}${more}`, note);
    };
    const options = { ...this.#limits(), toWrite: hasEncoder ? 0 : toWrite, asks, hasEncoder, note };
    // Rows of one data set are of one kind.
    if (head === undefined && rows[0]?.kind === "label") return tokenizeLabelled(rows, tokenizer, () => 0, options);
    return tokenizeFor(head, rows, tokenizer, options);
  }

  #limits() {
    const { maxLength, truncate } = this.#reading, { contextLength: maxContext } = this.#model.architecture;
    return {
      maxContext,
      ...maxLength === undefined ? {} : { maxLength },
      ...truncate === undefined ? {} : { truncate },
    };
  }

  #note(message: string, kind = message): void {
    this.#notes.getOrInsertComputed(kind, () => message);
  }

  /** All that examples depend on besides their records. */
  #settings(shots: Shots | undefined): unknown {
    const { head, toWrite, asksLast } = this.#reading, { architecture, tokenizer } = this.#model;
    return {
      tokenizer: tokenizer.digest,
      embedded: architecture.vocabularySize,
      limits: mapRecord(this.#limits(), String),
      ...this.#reading.maxLength === undefined ? {} : { toWrite },
      ...head === undefined ? {} : { head: [head.kind, [...head.labels]] },
      asksLast,
      hasEncoder: architecture.encoder !== undefined,
      ...shots === undefined ? {} : { shots: shots.text },
    };
  }

  #files() {
    const { base, hub, emit } = this.#runContext;
    return { base, hub, progress: fileProgress(emit), warn: (message: string) => this.#note(message) };
  }

  #chat() {
    const { tokenizer } = this.#model, { asksLast } = this.#reading;
    const ends = endTokensOf(tokenizer);
    return { format: tokenizer.chat, asksLast, ends, warn: (message: string) => this.#note(message) };
  }
}

/** Rows of the store as they are compared. */
function madeRows(
  rows: RowList<Row>,
  examples: RowList<TokenizedExample>,
  tokenizer: Model["tokenizer"],
): RowList<Row> {
  return new MadeRows(rows.length, (at) => withoutSpecial(rows.at(at)!, examples.at(at)!, tokenizer));
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
