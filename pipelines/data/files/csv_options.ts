/** How comma-separated values are parsed. @module */
import type { Info, Options } from "csv-parse";

/** What the parser has seen up to the end of a record. */
export type ParsedPlace = Pick<Info, "bytes" | "empty_lines">;

/** What the parser is asked to do. */
export function parserOptions(separator: string) {
  return {
    bom: true,
    delimiter: separator,
    record_delimiter: ["\r\n", "\n"],
    relax_column_count: true,
    skip_empty_lines: true,
  } satisfies Options;
}
