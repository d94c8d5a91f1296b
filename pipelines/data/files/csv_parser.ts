/** The parser of comma-separated values. @module */
import { Readable } from "node:stream";
import { parse } from "csv-parse";
import { type ParsedPlace, parserOptions } from "./csv_options.ts";

/**
 * Parses records, no further than they are asked for.
 *
 * @param seen Called with each record as it is parsed, which may be before it is asked for; what it gives is yielded.
 * @throws {Error} With a `code` of csv-parse's, of a stray quotation mark.
 */
export async function* parsedCsv(
  source: AsyncIterable<Uint8Array>,
  separator: string,
  seen: (record: string[], place: ParsedPlace) => string[],
): AsyncGenerator<readonly string[]> {
  const parser = parse({ ...parserOptions(separator), on_record: seen });
  const input = Readable.from(source, { objectMode: false });
  input.on("error", (fault) => parser.destroy(fault));
  try {
    const rows: AsyncIterable<readonly string[]> = input.pipe(parser);
    yield* rows;
  } finally {
    input.destroy();
    parser.destroy();
  }
}
