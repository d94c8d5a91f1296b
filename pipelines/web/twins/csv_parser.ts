/** The parser of comma-separated values, in the place of `data/files/csv_parser.ts`: a page reads a file as a whole. @module */
import { parse } from "csv-parse/browser/esm/sync";
import { type ParsedPlace, parserOptions } from "../../data/files/csv_options.ts";

/** Parses records. Arguments and errors as there. */
export async function* parsedCsv(
  source: AsyncIterable<Uint8Array>,
  separator: string,
  seen: (record: string[], place: ParsedPlace) => string[],
): AsyncGenerator<readonly string[]> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  for await (const chunk of source) chunks.push(chunk.slice());
  const bytes = await new Blob(chunks).arrayBuffer(),
    text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  const records: readonly string[][] = parse(text, { ...parserOptions(separator), on_record: seen });
  yield* records;
}
