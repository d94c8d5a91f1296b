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
import type { Row, RowReader } from "./row.ts";
import type { ChatReading } from "./source_kind.ts";
import { filesOf, kindOf, sourcesOf } from "./source_kinds.ts";
import { requireSingleBraces, sameForAll } from "./template_use.ts";
import type { Viewed } from "./view_kind.ts";
import { viewKindOf } from "./view_kinds.ts";

/**
 * Reads a dataset's rows, in the order of its source and views. A source is read up to the last row that the views can
 * leave, and every line read must be a record, but only the rows that are left have to fit the templates.
 *
 * @param dataset A source and its views.
 * @param files Where files are; a text is the folder that relative paths count from.
 * @param reading How conversations are read, which only they need, and the tokens that end an answer.
 * @throws {RequestError} If a file, a line, a template or a view is wrong, a row lacks a field that a template names,
 * a completion or label is empty, a conversation or its template is not sound, or no row is left.
 */
export async function loadRows(
  dataset: Dataset,
  files: FileReading | string,
  reading?: ChatReading,
): Promise<Row[]> {
  return await Array.fromAsync(streamRows(dataset, files, reading));
}

/** Gives a dataset's rows one by one, as {@linkcode loadRows} reads all of them. */
export async function* streamRows(
  dataset: Dataset,
  files: FileReading | string,
  reading?: ChatReading,
): AsyncGenerator<Row> {
  const where: FileReading = typeof files === "string" ? { base: files } : files;
  for await (const { row } of (await openRows(dataset, where, reading)).read(where)) yield row;
}

/** A record with the number of its source, and its row. */
export interface FoundRow extends PlacedRecord {
  readonly row: Row;
}

/** A dataset that can be read. */
export interface OpenRows {
  /** Its records as {@linkcode OpenRows.read} has them, before any becomes a row. */
  records(files: FileReading): AsyncGenerator<PlacedRecord>;
  /** Its rows in order. Errors as of {@linkcode loadRows}. */
  read(files: FileReading): AsyncGenerator<FoundRow>;
  /** The row of a record. */
  rowOf(record: PlacedRecord): Row;
}

/**
 * Prepares to read a dataset.
 *
 * @throws {RequestError} If a file that it names is not there, or a template is wrong.
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
      // The row may be wrong, or what the pipeline says of it.
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
      for await (const found of records(where)) {
        const { record, source } = found, count = ++seen[source]!;
        if (count <= 2) checkUse(sources[source]!, record, count, where);
        yield { ...found, row: rowOf(found) };
      }
      if (seen.every((count) => count === 0)) throw await noRows(dataset, where);
    },
  };
}

/** A row whose answers end with no end-of-sequence token of their own. */
function endedBy(row: Row, ends: readonly EndToken[]): Row {
  const found = row.kind === "label" ? undefined : withoutEnd(row.completion, ends);
  const ended = found === undefined ? row : { ...row, completion: found.text, end: found.end };
  const reads = row.reads === undefined ? undefined : withoutEnd(row.reads, ends)?.text;
  const bare = reads === undefined ? ended : { ...ended, reads };
  return bare.rejected === undefined ? bare : { ...bare, rejected: endedBy(bare.rejected, ends) };
}

/** Sees that the files that a source names one by one are there. */
async function requireFiles(source: Source, base: string): Promise<void> {
  for (const { path, use } of filesOf(source)) {
    if (use !== "folder" && !isPattern(path)) await requireFile(base, path);
  }
}

/** Looks at a source's first two rows, which show whether its template uses them. */
function checkUse(source: Source, { fields }: RawRow, count: number, { warn }: FileReading): void {
  if (source.kind === "chat" || source.template === undefined) return;
  const { template } = source;
  if (count === 1) return atLocationOf(source, () => requireSingleBraces(template, fields));
  const says = sameForAll(template);
  if (says !== undefined) warn?.(placed(source, says));
}

/** A dataset's records, to be read as often as they are asked for. */
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

/** That views leave no row, of how many. */
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
      "give it more rows or ask for fewer",
  );
}

/** As a pipeline file has them: `.skip(10).take(5)`. */
function describeViews(dataset: Dataset): string {
  return "of" in dataset ? describeViews(dataset.of) + viewKindOf(dataset).describe(dataset) : "";
}
