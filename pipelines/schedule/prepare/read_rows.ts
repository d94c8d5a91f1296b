/** Reads rows with their tokens, from the store if they were tokenized before. @module */
import { keyOf } from "../../common/content_key.ts";
import { RunError } from "../../common/errors.ts";
import { MadeRows, type RowList } from "../../common/row_list.ts";
import { atLocationOf } from "../../common/source_location.ts";
import type { Dataset } from "../../data/dataset.ts";
import type { TokenizedExample } from "../../data/examples.ts";
import { recordOf, recordText } from "../../data/files/record_text.ts";
import type { Row } from "../../data/row.ts";
import { sampleOf } from "../../data/row_sample.ts";
import type { FoundRow } from "../../data/rows.ts";
import type { Model } from "../../models/open/model.ts";
import type { Entry } from "../../store/store.ts";
import type { RunContext } from "../context/run_context.ts";
import { keptRows, KeptRowsWriter } from "./kept_rows.ts";
import { identityOf, RecordsDigest, type RowsIdentity } from "./row_key.ts";
import {
  type OpenReading,
  openReading,
  type Reading,
  settingsOf,
  tokenizedParts,
  type TokenizedRow,
} from "./tokenize_rows.ts";

/** Rows with their tokens. */
export interface PreparedRows {
  readonly rows: RowList<Row>;
  readonly examples: RowList<TokenizedExample>;
  /** Set if these are a sample of the data set's rows: the total number of rows. */
  readonly of?: number;
}

/** How rows are read, how many of them, and where notes go. */
interface RowsReading extends Reading {
  /** How many randomly drawn rows are enough; all if `undefined`. */
  readonly sample: number | undefined;
  /** Receives notes on the rows for the user. */
  readonly warn: (message: string, kind?: string) => void;
}

/** Fewer rows are tokenized in a moment, so they are not stored. */
export const leastKept = 1000;

/**
 * The rows of a data set for a model, or for its head if it has one. Rows that have been tokenized before are read from
 * the store.
 *
 * @throws {RequestError} If a row cannot be read, is not what the model predicts, or is too long.
 */
export async function readRows(
  runContext: RunContext,
  data: Dataset,
  model: Model,
  { sample, warn, ...reading }: RowsReading,
): Promise<PreparedRows> {
  const { store } = runContext, open = await openReading(runContext, data, model, reading);
  const { opened, files } = open;
  const kept = async (identity: RowsIdentity | undefined) => {
    const entry = identity && await store.get("rows", identity.key);
    return entry && await keptAs(runContext, open, identity!, entry, warn);
  };
  const identity = await atLocationOf(data, () => identityOf(data, opened, files, settingsOf(open), leastKept));
  const known = await kept(identity);
  if (known !== undefined) return known;
  if (sample === undefined) return await encoded(runContext, open, identity, warn);
  const ofSample = identity && { ...identity, key: keyOf([identity.key, "sample", sample]), content: undefined };
  const drawn = await kept(ofSample);
  if (drawn !== undefined) return drawn;
  const found = await atLocationOf(data, () => sampleOf(opened.read(files), sample));
  return found.of > sample
    ? await encoded(runContext, open, ofSample, warn, found)
    : await encoded(runContext, open, identity, warn, { rows: found.rows });
}

/** The rows of an entry of the store. */
async function keptAs(
  runContext: RunContext,
  { opened, shots, model: { tokenizer } }: OpenReading,
  { files }: RowsIdentity,
  entry: Entry,
  warn: RowsReading["warn"],
): Promise<PreparedRows> {
  runContext.opened.use(entry);
  const { rows, examples, notes, of } = await keptRows(entry, (record) => {
    const row = opened.rowOf(recordOf(record, files));
    return shots === undefined ? row : shots.before(row);
  });
  for (const [message, kind] of notes) warn(message, kind);
  const compared = new MadeRows(rows.length, (at) => withoutSpecial(rows.at(at)!, examples.at(at)!, tokenizer));
  return { rows: compared, examples, ...of === undefined ? {} : { of } };
}

/** Rows that were read already. */
interface ReadRows {
  readonly rows: readonly FoundRow[];
  /** If they are a sample: the total number of rows. */
  readonly of?: number;
}

/** Tokenizes the rows, and stores them if there are enough of them and they can be stored. */
async function encoded(
  runContext: RunContext,
  open: OpenReading,
  identity: RowsIdentity | undefined,
  warn: RowsReading["warn"],
  read?: ReadRows,
): Promise<PreparedRows> {
  const { model: { tokenizer }, notes } = open, first: TokenizedRow[] = [];
  const parts = tokenizedParts(runContext, open, read?.rows);
  for (let next = await parts.next(); !next.done; next = await parts.next()) {
    for (const row of next.value) first.push(row);
    if (identity === undefined || first.length < leastKept) continue;
    const entry = await keep(runContext, open, identity, first.splice(0), parts, read?.of);
    if (entry !== undefined) return await keptAs(runContext, open, identity, entry, warn);
    // A plan does not need a writable store.
    return await encoded(runContext, open, undefined, warn, read);
  }
  for (const [kind, message] of notes) warn(message, kind);
  return {
    rows: first.map(({ row, example }) => withoutSpecial(row, example, tokenizer)),
    examples: first.map(({ example }) => example),
    ...read?.of === undefined ? {} : { of: read.of },
  };
}

/** Writes rows to an entry of the store; does nothing if that is not possible. */
async function keep(
  { store }: RunContext,
  { notes }: OpenReading,
  { key, files, bytes, content }: RowsIdentity,
  first: readonly TokenizedRow[],
  rest: AsyncIterable<readonly TokenizedRow[]>,
  of: number | undefined,
): Promise<Entry | undefined> {
  const digest = new RecordsDigest();
  let entry: Entry;
  try {
    entry = await store.putAndOpen("rows", key, async (writer) => {
      const kept = new KeptRowsWriter(writer, 2 * bytes);
      const keepPart = (part: readonly TokenizedRow[]) => {
        for (const { found, row, example } of part) {
          const text = recordText(found, files);
          if (text === undefined) throw new TypeError("A record of a file can't be kept");
          if (content !== undefined) digest.add(text);
          kept.add(example, row, text);
        }
      };
      keepPart(first);
      for await (const part of rest) keepPart(part);
      kept.finish([...notes].map(([kind, message]) => [message, kind]), of);
    });
  } catch (fault) {
    if (fault instanceof RunError) return undefined;
    throw fault;
  }
  // If a function returns different rows on each call, nobody else can reuse them.
  if (content !== undefined && digest.finish().digest !== content) store.remove("rows", key);
  return entry;
}

/** What a template renders for a turn, compared as answers are: without special tokens. */
function withoutSpecial(row: Row, { completion }: TokenizedExample, tokenizer: Model["tokenizer"]): Row {
  if (row.isTemplated === undefined) return row;
  return { ...row, completion: tokenizer.decode(completion, { skipSpecialTokens: true }) };
}
