/** How comma-separated values are parsed. @module */

/** What the parser has seen up to the end of a record, by its own names. */
export interface ParsedPlace {
  readonly bytes: number;
  readonly empty_lines: number;
}

/** What the parser is asked to do. */
export function parserOptions(separator: string) {
  return {
    bom: true,
    delimiter: separator,
    record_delimiter: ["\r\n", "\n"],
    relax_column_count: true,
    skip_empty_lines: true,
  };
}
