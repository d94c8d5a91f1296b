import { resolve } from "node:path";
import { RequestError } from "../common/errors.ts";
import { requireFile } from "../common/declared_path.ts";
import { atLocationOf, locationOf, placed } from "../common/source_location.ts";
import type { Dataset, Source } from "./dataset.ts";
import { type EndToken, withoutEnd } from "./end_tokens.ts";
import type { RawRow } from "./files/raw_row.ts";
import type { PlacedRecord } from "./files/record_text.ts";
import { isPattern } from "./files/glob.ts";
import type { FileReading } from "./files/record_kind.ts";
import { madeInTime } from "./made_in_time.ts";
import type { Row, RowReader } from "./row.ts";
import type { ChatReading } from "./source_kind.ts";
import { filesOf, kindOf, sourcesOf } from "./source_kinds.ts";
import { otherFormsOf, printedMessages, requireSingleBraces, sameForAll } from "./template_use.ts";
import type { Viewed } from "./view_kind.ts";
import { viewKindOf } from "./view_kinds.ts";

/**
 * Reads a dataset's rows, in the order of its source and views. A source is read up to the last row that the views can
 * select; every line read must be a record, but only the selected rows must fit the templates.
 *
 * @param dataset A source and its views.
 * @param files Where files are; a string is the folder that relative paths are resolved from.
 * @param reading How conversations are read, which only they need, and the tokens that end an answer.
 * @throws {RequestError} If a file, a line, a template or a view is invalid, a row lacks a field that a template names,
 * a completion or label is empty, a conversation or its template is invalid, or no row is left.
 */
export async function loadRows(
  dataset: Dataset,
  files: FileReading | string,
  reading?: ChatReading,
): Promise<Row[]> {
  return await Array.fromAsync(streamRows(dataset, files, reading));
}

/** Yields a dataset's rows one by one, as {@linkcode loadRows} reads all of them. */
export async function* streamRows(
  dataset: Dataset,
  files: FileReading | string,
  reading?: ChatReading,
): AsyncGenerator<Row> {
  const where: FileReading = typeof files === "string" ? { base: files } : files;
  for await (const { row } of (await openRows(dataset, where, reading)).read(where)) yield row;
}

/** A record with the index of its source, and its row. */
export interface FoundRow extends PlacedRecord {
  readonly row: Row;
}

/** A dataset that can be read. */
export interface OpenRows {
  /** Its records in the order of {@linkcode OpenRows.read}, before they become rows. */
  records(files: FileReading): AsyncGenerator<PlacedRecord>;
  /** Its rows in order. Errors as in {@linkcode loadRows}. */
  read(files: FileReading): AsyncGenerator<FoundRow>;
  /** The row of a record. */
  rowOf(record: PlacedRecord): Row;
}

/**
 * Prepares to read a dataset.
 *
 * @throws {RequestError} If a file that it names does not exist, or a template is invalid.
 */
export async function openRows(dataset: Dataset, files: FileReading, reading?: ChatReading): Promise<OpenRows> {
  const sources = sourcesOf(dataset), readers: RowReader[] = [];
  for (const source of sources) {
    await atLocationOf(source, () => requireFiles(source, files.base));
    readers.push(await kindOf(source).rowReader(source, files.base, reading));
  }
  const ends = reading?.ends ?? [];
  const rowOf = ({ record, source }: PlacedRecord): Row => {
    try {
      return endedBy(readers[source]!(record), ends);
    } catch (fault) {
      // Either the row is wrong, or what the pipeline says about it.
      throw fault instanceof RequestError ? fault.declaredAt(locationOf(sources[source])) : fault;
    }
  };
  async function* records(where: FileReading): AsyncGenerator<PlacedRecord> {
    const numbers = new Map(sources.map((source, number) => [source, number]));
    for await (const { record, source } of viewed(dataset, where).read()) {
      yield { record, source: numbers.get(source)! };
    }
  }
  return {
    records,
    rowOf,
    async *read(where) {
      const seen = sources.map(() => 0);
      async function* checked() {
        for await (const found of records(where)) {
          const { record, source } = found, count = ++seen[source]!;
          if (count <= 2) checkUse(sources[source]!, record, count, where);
          yield found;
        }
      }
      yield* madeInTime(checked(), (found): FoundRow => ({ ...found, row: rowOf(found) }));
      if (seen.every((count) => count === 0)) throw await noRows(dataset, where);
    },
  };
}

/** A row whose answers do not end with their own end-of-sequence token. */
function endedBy(row: Row, ends: readonly EndToken[]): Row {
  const found = row.kind === "label" ? undefined : withoutEnd(row.completion, ends);
  const ended = found === undefined ? row : { ...row, completion: found.text, end: found.end };
  const reads = row.reads === undefined ? undefined : withoutEnd(row.reads, ends)?.text;
  const bare = reads === undefined ? ended : { ...ended, reads };
  return bare.rejected === undefined ? bare : { ...bare, rejected: endedBy(bare.rejected, ends) };
}

/** Checks that the files that a source names one by one exist. */
async function requireFiles(source: Source, base: string): Promise<void> {
  for (const { path, use } of filesOf(source)) {
    if (use !== "folder" && !isPattern(path)) await requireFile(base, path);
  }
}

/** Examines a source's first two rows, which show whether its template uses them. */
function checkUse(source: Source, { fields }: RawRow, count: number, { warn }: FileReading): void {
  if (source.kind === "chat" || source.template === undefined) return;
  const { template } = source;
  if (count === 1) {
    const notes = [...otherFormsOf(template, fields), ...printedMessages(template, fields)];
    for (const says of notes) warn?.(placed(source, says));
    return atLocationOf(source, () => requireSingleBraces(template, fields));
  }
  const says = sameForAll(template);
  if (says !== undefined) warn?.(placed(source, says));
}

/** A dataset's records, which can be read repeatedly. */
function viewed(dataset: Dataset, files: FileReading): Viewed {
  if (!("of" in dataset)) {
    const name = "path" in dataset ? resolve(files.base, dataset.path) : dataset.kind;
    return { name, read: () => foundIn(dataset, kindOf(dataset).records(dataset, files)) };
  }
  const of = viewed(dataset.of, files), note = (says: string) => files.warn?.(placed(dataset, says));
  return {
    name: of.name,
    read: viewKindOf(dataset).rows(dataset, of, (other) => viewed(other, files), note),
  };
}

async function* foundIn<S>(source: S, records: AsyncIterable<RawRow>) {
  for await (const record of records) yield { record, source };
}

/** The error that views leave no row, with the original number. */
async function noRows(dataset: Dataset, files: FileReading): Promise<RequestError> {
  let count = 0, file: string | undefined;
  for (const source of sourcesOf(dataset)) {
    for await (const { place } of kindOf(source).records(source, files)) {
      file ??= place.file;
      count++;
    }
  }
  return new RequestError(
    `no row is left of the ${count} of ${file ?? sourcesOf(dataset)[0]!.kind} after ${describeViews(dataset)}; ` +
      "give it more rows or request fewer",
  );
}

/** As in a pipeline file: `.skip(10).take(5)`. */
function describeViews(dataset: Dataset): string {
  return "of" in dataset ? describeViews(dataset.of) + viewKindOf(dataset).describe(dataset) : "";
}
