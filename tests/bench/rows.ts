/** The rows that both sides train on, and the prompts that both continue. @module */
import { join } from "node:path";
import type { Tokenizer } from "../../pipelines/models/tokenization/tokenizer.ts";
import { evenTokens } from "./jobs.ts";

/** A row, its template filled in. */
export interface Row {
  readonly prompt: string;
  readonly completion: string;
}

/** A line of the files in ../shared/data. */
interface StoredRow {
  readonly instruction: string;
  readonly output: string;
}

/** Rows of ARC-Easy in file order. */
export async function arcRows(count: number, shared: string): Promise<Row[]> {
  return await storedRows("arc_easy.train.jsonl", count, shared);
}

/** Questions of MultiArith in file order. */
export async function multiArithPrompts(count: number, shared: string): Promise<string[]> {
  return (await storedRows("multiarith.test.jsonl", count, shared)).map(({ prompt }) => prompt);
}

async function storedRows(name: string, count: number, shared: string): Promise<Row[]> {
  const lines = (await Deno.readTextFile(join(shared, "data", name))).split("\n").slice(0, count);
  return lines.map((line) => {
    const { instruction, output }: StoredRow = JSON.parse(line);
    return { prompt: `${instruction}\n`, completion: output };
  });
}

/**
 * Rows of the same lengths, cut from ARC-Easy's text: {@linkcode evenTokens} with the end-of-sequence token.
 *
 * @throws {Error} If there is not enough text.
 */
export async function evenRows(count: number, shared: string, tokenizer: Tokenizer): Promise<Row[]> {
  const text = (await arcRows(20 * count, shared)).map(({ prompt, completion }) => prompt + completion).join("\n");
  const ids = tokenizer.encode(text);
  const rows: Row[] = [];
  const length = evenTokens.prompt + evenTokens.completion - 1;
  for (let start = 0; rows.length < count; start += length) {
    if (start + length > ids.length) throw new Error(`Only ${rows.length} of ${count} rows could be cut from the text`);
    const middle = start + evenTokens.prompt;
    const row = {
      prompt: tokenizer.decode(ids.slice(start, middle)),
      completion: tokenizer.decode(ids.slice(middle, start + length)),
    };
    // A text cut between two tokens may be encoded differently; such rows are omitted.
    const { prompt, completion } = tokenCounts(row, tokenizer);
    if (prompt === evenTokens.prompt && completion === evenTokens.completion) rows.push(row);
  }
  return rows;
}

/** The numbers of tokens of a row's prompt and its completion, including the end-of-sequence token. */
export function tokenCounts(row: Row, tokenizer: Tokenizer): { readonly prompt: number; readonly completion: number } {
  return {
    prompt: tokenizer.encodePrompt(row.prompt).length,
    completion: tokenizer.encode(row.completion).length + 1,
  };
}
