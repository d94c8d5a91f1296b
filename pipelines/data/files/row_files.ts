/** What the kinds of rows in files have in common. @module */
import type { DeclaredRows } from "./declared.ts";
import { type FileReader, readingAs } from "./file_form.ts";
import { filesOfPath } from "./glob.ts";
import type { RawRow } from "./raw_row.ts";
import type { FileReading, RecordKind } from "./record_kind.ts";

/** Rows that one path or pattern names. */
type RowsInFiles = Extract<DeclaredRows, { readonly path: string }>;

/**
 * The record of a kind whose rows are in files, one after the other.
 *
 * @param reader The format of the files.
 * @param read Reads one of them, by its absolute path.
 */
export function inFiles<R extends RowsInFiles>(
  reader: FileReader,
  read: (rows: R, path: string, reading: FileReading) => AsyncIterable<RawRow>,
): Pick<RecordKind<R>, "withFiles" | "files" | "records"> {
  return {
    withFiles: (rows, pathOf) => ({ ...rows, path: pathOf(rows.path, "rows") }),
    files: ({ path }, { base }) => filesOfPath(path, base),
    async *records(rows, reading) {
      for (const { path } of await filesOfPath(rows.path, reading.base)) {
        yield* readingAs(reader, path, read(rows, path, reading));
      }
    },
  };
}
