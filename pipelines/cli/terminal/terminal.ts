/** Where the command line writes to, and how it formats times and tables. @module */
import { visible } from "../../common/visible.ts";

/** Where the command line writes to. */
export interface Terminal {
  /** Prints a result and ends the line. */
  print(text: string): void;
  /** Writes a part of a result. */
  put(text: string): void;
  /** The lines of input; if they are typed, preceded by a prompt. */
  lines(invitation: string): AsyncIterable<string>;
  /** Writes anything that is not a result: progress, notes, errors. */
  write(text: string): void;
  /** Ends a line that was begun with `write` and is still open, such as a progress bar. */
  endLine(): void;
  /** Whether a written line can be overwritten. */
  readonly live: boolean;
  /** How many characters fit on a line that is written, if known. */
  readonly columns?: () => number;
  /** How many characters fit on a line of results, if known. */
  readonly printColumns?: () => number;
  /** Whether results may have colours. */
  readonly isColored: boolean;
}

/** The process's stdout and stderr. */
export function processTerminal(): Terminal {
  const encoder = new TextEncoder();
  let isOpen = false;
  const write = (text: string) => {
    writeWhole(Deno.stderr, encoder.encode(text));
    isOpen = text === "" ? isOpen : !text.endsWith("\n");
  };
  // Output to a file or another program stays as it is.
  const shown = Deno.stdout.isTerminal() ? visible : (text: string) => text;
  const isColored = Deno.stdout.isTerminal() && !Deno.noColor;
  return {
    print: (text) => console.log(isColored ? withColors(text, shown) : shown(text)),
    put: (text) => writeWhole(Deno.stdout, encoder.encode(shown(text))),
    lines(invitation) {
      if (Deno.stdin.isTerminal()) Deno.stderr.writeSync(encoder.encode(invitation));
      return linesOf(Deno.stdin.readable);
    },
    write,
    endLine: () => isOpen ? write("\n") : undefined,
    live: Deno.stderr.isTerminal(),
    // A terminal of unknown size reports 0.
    columns: () => Deno.stderr.isTerminal() ? Deno.consoleSize().columns || Infinity : Infinity,
    printColumns: () => Deno.stdout.isTerminal() ? Deno.consoleSize().columns || Infinity : Infinity,
    isColored,
  };
}

/** A text with its own colours preserved. */
function withColors(text: string, shown: (text: string) => string): string {
  // deno-lint-ignore no-control-regex
  return text.split(/(\x1b\[[\d;]*m)/).map((part, at) => at % 2 === 1 ? part : shown(part)).join("");
}

function writeWhole(file: { writeSync(bytes: Uint8Array): number }, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length;) written += file.writeSync(bytes.subarray(written));
}

async function* linesOf(bytes: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncIterable<string> {
  let rest = "";
  for await (const text of bytes.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split(/\r?\n/);
    rest = lines.pop() ?? "";
    yield* lines;
  }
  if (rest !== "") yield rest;
}

/** Seconds as text: `0.21 s`, `14.0 s`, `3 min 5 s`. */
export function formatSeconds(seconds: number): string {
  if (seconds > 0 && seconds < 0.0995) return `${Number((seconds * 1000).toPrecision(2))} ms`;
  if (seconds < 10) return `${seconds.toFixed(2)} s`;
  if (seconds < 120) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/**
 * A table with a header, columns aligned; numbers to the right.
 *
 * @param width The maximum width, as far as two columns fit into it: a wider table is continued below, each part with
 * the first column.
 */
export function formatTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  width: number = Infinity,
): string {
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? "").length))
  );
  const isNumber = header.map((_, column) =>
    rows.every((row) => /^[\d.,%×\s-]*( s|B| MB| kB)?$/.test(row[column] ?? ""))
  );
  const part = (columns: readonly number[]) => {
    const line = (cells: readonly string[]) =>
      columns.map((column) => {
        const cell = cells[column] ?? "";
        return isNumber[column] ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!);
      }).join("  ").trimEnd();
    const rule = columns.map((column) => "─".repeat(widths[column]!)).join("  ");
    return [line(header), rule, ...rows.map(line)].join("\n") + "\n";
  };
  return parts(widths, width).map(part).join("\n");
}

/** The columns of each part of a table with columns of some widths. */
function parts(widths: readonly number[], width: number): readonly (readonly number[])[] {
  const found: number[][] = [[0]];
  let taken = widths[0] ?? 0;
  for (const [column, own] of widths.entries()) {
    if (column === 0) continue;
    const last = found.at(-1)!;
    if (last.length > 1 && taken + 2 + own > width) {
      found.push([0, column]);
      taken = widths[0]! + 2 + own;
    } else {
      last.push(column);
      taken += 2 + own;
    }
  }
  return found;
}
