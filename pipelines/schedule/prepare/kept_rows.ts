/** Rows and their examples in the store; only the most recently used ones are in memory. @module */
import { Newest } from "../../common/newest.ts";
import { lastUpTo, MadeRows, type RowList } from "../../common/row_list.ts";
import { findRowsBy } from "../../data/example_rows.ts";
import type { TokenizedExample } from "../../data/examples.ts";
import { ChunkWriter, PackedChunk, type PackedRow } from "../../data/packed_rows.ts";
import type { Row } from "../../data/row.ts";
import type { Entry } from "../../store/entry.ts";
import type { EntryWriter } from "../../store/store.ts";

/** How many chunks are held in memory at once. */
const heldChunks = 16;

/** How many rows are held in memory at once: few enough that rows that are read one after the other are soon freed. */
const heldRows = 64;

/** A note on rows, and what it is about, so that it is given only once. */
type RowsNote = readonly [message: string, kind: string];

/** What an entry stores besides its rows. */
interface Summary {
  readonly rows: number;
  readonly notes: readonly RowsNote[];
  /** For a sample: the total number of rows. */
  readonly of?: number;
}

/** A row in memory; its text is built on first access. */
interface HeldRow {
  readonly example: TokenizedExample;
  readonly row: () => Row;
}

/** Writes rows to an entry of the store, chunk by chunk. */
export class KeptRowsWriter {
  readonly #entry: EntryWriter;
  readonly #chunk = new ChunkWriter();
  readonly #starts: number[] = [0];
  readonly #firsts: number[] = [];
  #rows = 0;

  /** @param expected Approximately how many bytes will be written. */
  constructor(entry: EntryWriter, expected: number) {
    this.#entry = entry;
    entry.begin(expected);
  }

  add(example: TokenizedExample, row: Row, record: string): void {
    if (this.#chunk.rows === 0) this.#firsts.push(this.#rows);
    this.#chunk.add(example, example.source.text, row.prompt, record);
    this.#rows++;
    if (this.#chunk.isFull) this.#flush();
  }

  /** @param of If the rows are a sample: the total number of rows. */
  finish(notes: readonly RowsNote[], of?: number): void {
    if (this.#chunk.rows > 0) this.#flush();
    const summary: Summary = { rows: this.#rows, notes, ...of === undefined ? {} : { of } };
    const json = new TextEncoder().encode(JSON.stringify(summary)), chunks = this.#firsts.length;
    const starts = Float64Array.from(this.#starts), firsts = Float64Array.from(this.#firsts);
    for (const part of [starts, firsts, json]) this.#entry.extend(part);
    this.#entry.declare({
      tensors: [
        { name: "chunks", dtype: "U8", shape: [starts[chunks]!] },
        { name: "starts", dtype: "F64", shape: [chunks + 1] },
        { name: "firsts", dtype: "F64", shape: [chunks] },
        { name: "json", dtype: "U8", shape: [json.length] },
      ],
    });
  }

  #flush(): void {
    const bytes = this.#chunk.take();
    this.#entry.extend(bytes);
    this.#starts.push(this.#starts.at(-1)! + bytes.length);
  }
}

/** Rows and examples that are read from an entry of the store. */
interface KeptRows {
  readonly rows: RowList<Row>;
  readonly examples: RowList<TokenizedExample>;
  readonly notes: readonly RowsNote[];
  /** For a sample: the total number of rows. */
  readonly of: number | undefined;
}

/**
 * Opens what {@linkcode KeptRowsWriter} wrote.
 *
 * @param entry Read for as long as the rows are used.
 * @param rowOf Builds a row from its record's text.
 */
export async function keptRows(entry: Entry, rowOf: (record: string) => Row): Promise<KeptRows> {
  const floats = async (name: string) => new Float64Array((await entry.readBytes(name)).buffer);
  const starts = await floats("starts"), firsts = await floats("firsts");
  const { rows, notes, of }: Summary = JSON.parse(new TextDecoder().decode(await entry.readBytes("json")));
  const chunks = new Newest<PackedChunk>(heldChunks), held = new Newest<HeldRow>(heldRows);
  const numbers = new WeakMap<TokenizedExample["source"], number>();
  const chunkAt = (chunk: number) =>
    chunks.get(chunk, () => {
      const bytes = new Uint8Array(starts[chunk + 1]! - starts[chunk]!);
      entry.readBytesInto("chunks", bytes, starts[chunk]!);
      return new PackedChunk(bytes);
    });
  let last = 0;
  const at = (index: number): HeldRow =>
    held.get(index, () => {
      if (!(firsts[last]! <= index && index < (firsts[last + 1] ?? rows))) last = lastUpTo(firsts, index);
      return heldRow(chunkAt(last).at(index - firsts[last]!), rowOf, (source) => numbers.set(source, index));
    });
  const examples = new MadeRows(rows, (index) => at(index).example);
  findRowsBy(examples, (source) => numbers.get(source));
  return { notes, of, rows: new MadeRows(rows, (index) => at(index).row()), examples };
}

/** @param noted Receives the example's source. */
function heldRow(
  { example, textLength, record }: PackedRow,
  rowOf: (record: string) => Row,
  noted: (source: TokenizedExample["source"]) => void,
): HeldRow {
  let made: Row | undefined, source: TokenizedExample["source"] | undefined;
  const row = () => made ??= rowOf(record());
  return {
    row,
    example: {
      ...example,
      get source() {
        if (source !== undefined) return source;
        const { prompt, spans, fields, place } = row();
        source = { text: textLength === undefined ? prompt : prompt.slice(0, textLength), spans, fields, place };
        noted(source);
        return source;
      },
    },
  };
}
