/** Rows that the pipeline file holds itself. @module */
import { leaf } from "../common/checks.ts";
import { RequestError } from "../common/errors.ts";
import type { RecordsSource, Source } from "./dataset.ts";
import { checkRecord } from "./jsonl.ts";
import type { RawRow } from "./raw_row.ts";
import type { SourceKind } from "./source_kind.ts";
import { checkTemplate, templateReader } from "./template_rows.ts";

/** What a list of rows has to be; that it is not empty shows when it is read. */
export const checkRecords = leaf("a list of rows", Array.isArray);

/**
 * Rows as records with their places.
 *
 * @param kind What the rows are counted in.
 * @throws {RequestError} If there are none, or one is no object.
 */
export function recordsOf(kind: Source["kind"], rows: readonly unknown[]): RawRow[] {
  if (rows.length === 0) throw new RequestError(`${kind}([]) holds no rows; give it at least one`);
  return rows.map((row, index) => {
    const place = { file: kind, line: index + 1 };
    return { fields: checkRecord(row, place), place };
  });
}

/** `records(...)`. */
export const records: SourceKind<RecordsSource> = {
  settings: { records: checkRecords, template: checkTemplate },
  hasTurns: false,
  withFiles: (source) => source,
  readRecords: ({ kind, records }) => Promise.resolve(recordsOf(kind, records)),
  rowReader: ({ template }) => templateReader(template),
};
