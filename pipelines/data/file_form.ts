/** What a file is that a reader of rows could not read, so that an error can say which reader takes it. @module */
import { RequestError } from "../common/errors.ts";

/** A form that files of rows come in. */
interface FileForm {
  /** Whether a file's first bytes, and their text as UTF-8, are of this form. */
  readonly is: (bytes: Uint8Array, text: string) => boolean;
  /** What the file is and, after a semicolon, what to do. */
  readonly problem: string;
}

const startsWith = (...magic: readonly number[]) => (bytes: Uint8Array) =>
  magic.every((byte, at) => bytes[at] === byte);

const ascii = (magic: string) => startsWith(...new TextEncoder().encode(magic));

/** Whether every second byte, from one of the first two on, is zero, as where letters take two bytes each. */
function alternatesWithZeros(bytes: Uint8Array): boolean {
  const count = Math.min(bytes.length, 512) & ~1;
  if (count < 4) return false;
  const zeros = [0, 0];
  for (let at = 0; at < count; at++) if (bytes[at] === 0) zeros[at % 2]!++;
  return Math.max(...zeros) > 0.8 * count / 2 && Math.min(...zeros) === 0;
}

/** Whether lines end with a carriage return alone. */
const endsLinesWithReturns = (text: string) => /\r(?!\n)/.test(text) && !text.includes("\n");

/** Whether an object begins on a line and goes on on the next. */
const isPretty = (text: string) => /^\s*\{\s*\r?\n/.test(text);

/** The separator of a first line of names, as in `instruction,output`. */
function separatorOf(text: string): string | undefined {
  const [first = ""] = text.split(/\r?\n|\r/, 1);
  return /^[\[{]/.test(first.trim()) ? undefined : ["\t", ";", ","].find((separator) => first.includes(separator));
}

const binary: readonly FileForm[] = [
  { is: startsWith(0x1f, 0x8b), problem: "the file is compressed by gzip; unpack it, as in gunzip FILE.gz" },
  {
    is: startsWith(0x28, 0xb5, 0x2f, 0xfd),
    problem: "the file is compressed by zstd; unpack it, as in unzstd FILE.zst",
  },
  {
    is: ascii("PAR1"),
    problem: "the file is Parquet; write its rows as JSON Lines, as in pandas' to_json(lines=True)",
  },
  { is: ascii("ARROW1"), problem: "the file is Arrow; write its rows as JSON Lines, as in datasets' to_json(…)" },
  {
    is: ascii("PK\x03\x04"),
    problem: "the file is a zip, as spreadsheets (.xlsx) are; save it as tab-separated text in UTF-8",
  },
  {
    is: (bytes) => startsWith(0xff, 0xfe)(bytes) || startsWith(0xfe, 0xff)(bytes) || alternatesWithZeros(bytes),
    problem: "the file is UTF-16 text; save it as UTF-8, as in iconv -f UTF-16 -t UTF-8",
  },
];

const returns: FileForm = {
  is: (_, text) => endsLinesWithReturns(text),
  problem: "the file's lines end with carriage returns alone, as on old Macs; save it with LF or CRLF",
};

/** The forms that each reader mistakes, the likeliest first. */
const forms = {
  jsonl: [
    ...binary,
    returns,
    {
      is: (_, text) => /^\s*\[\s*\{/.test(text),
      problem: "the file is a JSON array; write one object a line, as in jq -c '.[]' FILE",
    },
    {
      is: (_, text) => isPretty(text),
      problem: "the file holds JSON over several lines; write one object a line, as in jq -c . FILE",
    },
    {
      is: (_, text) => separatorOf(text) === "\t",
      problem: "the file is tab-separated text; read it by tsv(…)",
    },
    {
      is: (_, text) => separatorOf(text) !== undefined,
      problem: "the file is CSV; write its rows as JSON Lines, or as tab-separated text for tsv(…)",
    },
  ],
  tsv: [
    ...binary,
    returns,
    { is: (_, text) => /^\s*[\[{]/.test(text), problem: "the file is JSON; read it by jsonl(…)" },
    {
      is: (_, text) => separatorOf(text) !== "\t" && separatorOf(text) !== undefined,
      problem: "the file is CSV; save it as tab-separated text, or write its rows as JSON Lines for jsonl(…)",
    },
  ],
} as const satisfies Readonly<Record<string, readonly FileForm[]>>;

/** The readers of files that hold one row a line. */
type LineReader = keyof typeof forms;

/** Bytes that are looked at. */
const looked = 65536;

/**
 * What a file is instead of what a reader takes: one line with a remedy, or `undefined` if nothing is known of it.
 *
 * @param path Absolute; what cannot be read is not looked at.
 */
async function otherForm(reader: LineReader, path: string): Promise<string | undefined> {
  const bytes = new Uint8Array(looked);
  let count = 0;
  try {
    using file = await Deno.open(path);
    count = await file.read(bytes) ?? 0;
  } catch {
    return undefined;
  }
  const read = bytes.subarray(0, count), text = new TextDecoder().decode(read);
  const found: FileForm | undefined = forms[reader].find(({ is }) => is(read, text));
  return found?.problem;
}

/**
 * What a reader gives of a file. Where it fails and the file is of another form, the error says so instead.
 *
 * @param path Absolute.
 */
export async function readingAs<T>(reader: LineReader, path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (fault) {
    const problem = fault instanceof RequestError ? await otherForm(reader, path) : undefined;
    throw problem === undefined ? fault : new RequestError(problem, { file: path }).causedBy(fault);
  }
}
