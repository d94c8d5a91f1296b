/** Comma-separated values, line by line. @module */
import { RequestError, type SourceLocation } from "../../common/errors.ts";
import { mostBytes, tooLong } from "./text.ts";

/**
 * Parses the lines of a file as in RFC 4180: a quoted field may contain separators, newlines and, doubled, quotes. In a
 * field that does not begin with one, a quotation mark is an ordinary character, as in pandas and Python.
 */
export class CsvRecords {
  readonly #separator: string;
  #cells: string[] = [];
  /** What was read of a field whose closing quotation mark is yet to come. */
  #open: string | undefined;
  #begun: SourceLocation | undefined;

  /** @param separator One character. */
  constructor(separator: string) {
    this.#separator = separator;
  }

  /**
   * Takes the next line, without its end.
   *
   * @returns The record that ends with it and where that begins; `undefined` if it is empty or continues on the next
   * line.
   * @throws {RequestError} If a field continues after its closing quotation mark, or grows too long for a string.
   */
  next(
    line: string,
    place: SourceLocation,
  ): { readonly cells: readonly string[]; readonly place: SourceLocation } | undefined {
    if (this.#open === undefined && /^\r?$/.test(line)) return undefined;
    const begun = this.#begun ??= place;
    if (this.#open !== undefined) this.#open += "\n";
    if (!this.#takes(line)) {
      if (this.#open!.length > mostBytes) throw tooLong(begun);
      return undefined;
    }
    const cells = this.#cells;
    this.#cells = [];
    this.#begun = undefined;
    return { cells, place: begun };
  }

  /** @throws {RequestError} If a field is still open. */
  end(): void {
    if (this.#begun === undefined) return;
    const problem = 'a field begins with a quotation mark that is never closed; close it, or write "" for one inside';
    throw new RequestError(problem, this.#begun);
  }

  /** Parses a line's fields; false if the last of them stays open. */
  #takes(line: string): boolean {
    let at = 0;
    for (;;) {
      if (this.#open === undefined && line[at] === '"') {
        this.#open = "";
        at++;
      }
      const end = this.#open === undefined ? this.#takeBare(line, at) : this.#takeQuoted(line, at);
      if (end === undefined) return false;
      if (end === line.length) return true;
      at = end + 1;
    }
  }

  /** Parses an unquoted field, and returns where the separator after it is, or that the line ends. */
  #takeBare(line: string, at: number): number {
    const end = line.indexOf(this.#separator, at);
    this.#cells.push(end === -1 ? line.slice(at).replace(/\r$/, "") : line.slice(at, end));
    return end === -1 ? line.length : end;
  }

  /** The same for a quoted field, after its opening quotation mark; `undefined` if it stays open. */
  #takeQuoted(line: string, from: number): number | undefined {
    for (let at = from;;) {
      const quote = line.indexOf('"', at);
      if (quote === -1) {
        this.#open += line.slice(at);
        return undefined;
      }
      this.#open += line.slice(at, quote);
      if (line[quote + 1] === '"') {
        this.#open += '"';
        at = quote + 2;
        continue;
      }
      const isLast = /^\r?$/.test(line.slice(quote + 1, quote + 3));
      if (!isLast && line[quote + 1] !== this.#separator) throw this.#continued();
      this.#cells.push(this.#open!);
      this.#open = undefined;
      return isLast ? line.length : quote + 1;
    }
  }

  #continued(): RequestError {
    const problem =
      'a field continues after the quotation mark that closes it; write "" for a mark inside, and a separator after the field';
    return new RequestError(problem, this.#begun!);
  }
}
