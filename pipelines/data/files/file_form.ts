/** Recognizes what a file is that a reader could not read, so that the error can name the reader that can. @module */
import { RequestError } from "../../common/errors.ts";
import { readBytes } from "./bytes.ts";

/** A format of files. */
interface FileForm {
  /** Whether a file's first bytes, and their text as UTF-8, have this format. */
  readonly is: (bytes: Uint8Array, text: string) => boolean;
  /** What the file is and, after a semicolon, what to do. */
  readonly problem: string;
}

const startsWith = (...magic: readonly number[]) => (bytes: Uint8Array) =>
  magic.every((byte, at) => bytes[at] === byte);

const ascii = (magic: string) => startsWith(...new TextEncoder().encode(magic));

/** Whether every second byte is zero, starting at one of the first two, as in text with two bytes per letter. */
function alternatesWithZeros(bytes: Uint8Array): boolean {
  const count = Math.min(bytes.length, 512) & ~1;
  if (count < 4) return false;
  const zeros = [0, 0];
  for (let at = 0; at < count; at++) if (bytes[at] === 0) zeros[at % 2]!++;
  return Math.max(...zeros) > 0.8 * count / 2 && Math.min(...zeros) === 0;
}

/** Whether lines end with a carriage return alone. */
const endsLinesWithReturns = (text: string) => /\r(?!\n)/.test(text) && !text.includes("\n");

/** Whether an object begins on a line and continues on the next. */
const isPretty = (text: string) => /^\s*\{\s*\r?\n/.test(text);

/** The separator of a first line of names, as in `instruction,output`. */
function separatorOf(text: string): string | undefined {
  const [first = ""] = text.split(/\r?\n|\r/, 1);
  return /^[\[{]/.test(first.trim()) || text.includes("\0")
    ? undefined
    : ["\t", ";", ","].find((separator) => first.includes(separator));
}

const asJsonLines = "write its rows as JSON Lines, as by json.dumps";
const unpacked = (name: string, by: string) => `the file is compressed by ${name}; unpack it, as in ${by}, or use gzip`;

/** Forms that no reader takes. */
const unreadable: readonly FileForm[] = [
  { is: ascii("ARROW1"), problem: "the file is Arrow; write its rows as JSON Lines, as in datasets' to_json(…)" },
  {
    is: ascii("PK\x03\x04"),
    problem: "the file is a zip, as spreadsheets (.xlsx) are; save it as CSV in UTF-8, or unpack it",
  },
  { is: ascii("BZh"), problem: unpacked("bzip2", "bunzip2 FILE") },
  { is: startsWith(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0), problem: unpacked("xz", "unxz FILE") },
  { is: startsWith(0x04, 0x22, 0x4d, 0x18), problem: unpacked("lz4", "unlz4 FILE") },
  { is: startsWith(0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c), problem: unpacked("7z", "7z x FILE") },
  { is: ascii("%PDF-"), problem: "the file is a PDF; write its rows as JSON Lines" },
  { is: ascii("SQLite format 3\0"), problem: "the file is an SQLite database; export a table as CSV" },
  { is: startsWith(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59), problem: `the file is a numpy array; ${asJsonLines}` },
  {
    // The opcode of the protocol, its number and that of a frame.
    is: (bytes) => bytes[0] === 0x80 && bytes[1]! >= 2 && bytes[1]! <= 5,
    problem: `the file is a Python pickle; ${asJsonLines}`,
  },
  {
    is: (_, text) => text.startsWith("version https://git-lfs.github.com/spec/"),
    problem: "the file is a pointer of Git LFS and not its content; get that by git lfs pull",
  },
  {
    is: (_, text) => /^\s*<(!doctype html|html)\b/i.test(text),
    problem: "the file is a web page; download the data itself, as by the page's link to the raw file",
  },
  {
    is: (_, text) => /^\s*[\[{]+\s*'/.test(text),
    problem: "the file holds Python's form of dicts, with single quotes; write JSON, as json.dumps does",
  },
  {
    is: (bytes) => startsWith(0xff, 0xfe)(bytes) || startsWith(0xfe, 0xff)(bytes) || alternatesWithZeros(bytes),
    problem: "the file is UTF-16 text; save it as UTF-8, as in iconv -f UTF-16 -t UTF-8",
  },
];

const returns: FileForm = {
  is: (_, text) => endsLinesWithReturns(text),
  problem: "the file's lines end with carriage returns only, as on old Macs; save it with LF or CRLF",
};

const parquet: FileForm = { is: ascii("PAR1"), problem: "the file is Parquet; read it with parquet(…)" };
const jsonList: FileForm = {
  is: (_, text) => /^\s*\[\s*\{/.test(text),
  problem: "the file is a JSON list; read it with json(…)",
};
const objects: FileForm = { is: (_, text) => /^\s*\{/.test(text), problem: "the file is JSON; read it with jsonl(…)" };
const columns = (separator: string, problem: string): FileForm => ({
  is: (_, text) => separatorOf(text) === separator,
  problem,
});
const tabs = columns("\t", "the file is tab-separated text; read it with tsv(…)");
const commas = columns(",", "the file is CSV; read it with csv(…)");
const semicolons = columns(
  ";",
  'the file\'s columns are separated by semicolons; read it with csv(…) and separator: ";"',
);

/** The formats that each reader is mistakenly given, the likeliest first. */
const forms = {
  jsonl: [
    ...unreadable,
    parquet,
    returns,
    jsonList,
    {
      is: (_, text) => isPretty(text),
      problem:
        "the file has JSON over several lines; read it with json(…) if it is one list or one object, or write one " +
        "object per line, as in jq -c . FILE",
    },
    tabs,
    commas,
    semicolons,
  ],
  json: [
    ...unreadable,
    parquet,
    { is: (_, text) => /^\s*\{.*\}\s*\n\s*\{/.test(text), problem: "the file is JSON Lines; read it with jsonl(…)" },
    tabs,
    commas,
    semicolons,
  ],
  tsv: [...unreadable, parquet, returns, jsonList, objects, commas, semicolons],
  csv: [...unreadable, parquet, returns, jsonList, objects, tabs, semicolons],
  parquet: [...unreadable, jsonList, objects, tabs, commas, semicolons],
} as const satisfies Readonly<Record<string, readonly FileForm[]>>;

/** The readers of files. */
export type FileReader = keyof typeof forms;

/** The number of bytes examined. */
const looked = 65536;

/**
 * What a file is instead of what a reader expects: one line with a remedy, or `undefined` if it is not recognized.
 *
 * @param path Absolute; a file that cannot be read is not examined.
 */
async function otherForm(reader: FileReader, path: string): Promise<string | undefined> {
  let read: Uint8Array | undefined;
  try {
    for await (const chunk of readBytes(path, "")) {
      read = chunk.subarray(0, looked);
      break;
    }
  } catch {
    return undefined;
  }
  if (read === undefined) return undefined;
  const start = read, text = new TextDecoder().decode(start);
  const found: FileForm | undefined = forms[reader].find(({ is }) => is(start, text));
  return found?.problem;
}

/**
 * What a reader yields from a file. If it fails and the file has another format, the error says so instead.
 *
 * @param path Absolute.
 */
export async function* readingAs<T>(reader: FileReader, path: string, read: AsyncIterable<T>): AsyncGenerator<T> {
  try {
    yield* read;
  } catch (fault) {
    const problem = fault instanceof RequestError ? await otherForm(reader, path) : undefined;
    throw problem === undefined ? fault : new RequestError(problem, { file: path }).causedBy(fault);
  }
}
