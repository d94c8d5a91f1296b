/** Rows in the pipeline file itself. @module */
import { leaf } from "../../common/checks.ts";
import { RequestError } from "../../common/errors.ts";
import type { RecordRows } from "./declared.ts";
import { checkRecord } from "./json_text.ts";
import type { RawRow } from "./raw_row.ts";
import type { RecordKind } from "./record_kind.ts";

/** Checks a list of rows; that it is not empty is checked when it is read. */
const checkRecords = leaf("a list of rows", Array.isArray);

/**
 * Rows as records with their places.
 *
 * @param kind The function that declared the rows.
 * @throws {RequestError} If there are none, or one is not an object.
 */
export async function* recordsOf(kind: string, rows: readonly unknown[]): AsyncGenerator<RawRow> {
  if (rows.length === 0) throw new RequestError(`${kind}([]) has no rows; give it at least one`);
  for (const [index, row] of rows.entries()) {
    const place = { file: kind, line: index + 1 };
    yield { fields: checkRecord(row, place), place };
  }
}

/** `records(...)`. */
export const records: RecordKind<RecordRows> = {
  settings: { records: checkRecords },
  withFiles: (rows) => rows,
  files: () => Promise.resolve([]),
  records: ({ kind, records }) => recordsOf(kind, records),
};
