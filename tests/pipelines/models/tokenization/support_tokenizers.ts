/** Small tokenizers of every kind, and their results for 500 strings in transformers. @module */
import assert from "node:assert/strict";
import { join } from "node:path";
import { encodeTogether } from "../../../../pipelines/models/tokenization/joint_tokens.ts";
import type { Tokenizer } from "../../../../pipelines/models/tokenization/tokenizer.ts";

const goldens = new URL("../../../goldens/tokenizers/", import.meta.url);

/** The output of make_tokenizers.py for a tokenizer. */
export interface Expected {
  /** The ids of every string, with special tokens. */
  readonly ids: readonly (readonly number[])[];
  /** The decoded text of every fourth string's ids; null where it equals the string. */
  readonly texts: readonly (string | null)[];
  readonly plainTexts: readonly (string | null)[];
  /** The ids and types of every tenth string, paired with the next one. */
  readonly pairs: readonly (readonly [ids: readonly number[], typeIds: readonly number[]])[];
  readonly cutPairs: readonly (readonly [ids: readonly number[], typeIds: readonly number[]])[];
}

/** A trained tokenizer's files and its expected results. */
export interface Golden extends Expected {
  readonly tokenizer: unknown;
  readonly config: unknown;
}

/** The names of the trained tokenizers. */
export function goldenNames(): string[] {
  const names = [...Deno.readDirSync(goldens)].flatMap(({ name }) => /^(.*)\.json\.gz$/.exec(name)?.[1] ?? []);
  return names.filter((name) => name !== "characters" && name !== "together").sort();
}

/** Reads a compressed golden. */
export async function readGzip(name: string): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await Deno.readFile(new URL(name, goldens));
  return await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).bytes();
}

/** Reads a compressed JSON golden. */
export async function readGolden<T>(name: string): Promise<T> {
  return JSON.parse(new TextDecoder().decode(await readGzip(`${name}.json.gz`)));
}

/** The output of make_together.py for prompts and completions. */
export interface Together {
  readonly pairs: readonly (readonly [prompt: string, completion: string])[];
  readonly cases: Readonly<Record<string, JointIds>>;
}

/** The ids of each pair as one text, how many are the prompt's, and whether the prompt alone has the same. */
export interface JointIds {
  readonly ids: readonly (readonly number[])[];
  readonly borders: readonly number[];
  readonly own: readonly boolean[];
}

/** Asserts the ids and borders of prompts that are encoded with their completions. */
export function assertJoins(
  tokenizer: Tokenizer,
  pairs: Together["pairs"],
  { ids, borders, own }: JointIds,
): void {
  pairs.forEach((pair, at) => {
    const { prompt, completion, isOwn } = encodeTogether(...pair, tokenizer);
    const found = { ids: [...prompt, ...completion], border: prompt.length, isOwn };
    assert.deepEqual(found, { ids: ids[at], border: borders[at], isOwn: own[at] }, JSON.stringify(pair));
  });
}

/** The 500 test strings. */
export async function goldenStrings(): Promise<readonly string[]> {
  return JSON.parse(await Deno.readTextFile(new URL("strings.json", goldens)));
}

/** Writes a trained tokenizer's files into a model folder. */
export async function writeGolden(folder: string, { tokenizer, config }: Golden): Promise<void> {
  const map = (await readGzip("nmt_nfkc.gz")).toBase64();
  const fill = (_: string, value: unknown) => value === "nmt_nfkc" ? map : value;
  await Deno.writeTextFile(join(folder, "tokenizer.json"), JSON.stringify(tokenizer, fill));
  await Deno.writeTextFile(join(folder, "tokenizer_config.json"), JSON.stringify(config));
}

/** Asserts that a tokenizer returns the expected ids, texts and pairs. */
export function assertAgrees(tokenizer: Tokenizer, strings: readonly string[], expected: Expected): void {
  assert.equal(expected.ids.length, 500);
  strings.forEach((text, at) => {
    const ids = expected.ids[at]!;
    assert.deepEqual(tokenizer.encodePrompt(text), ids, `the ids of ${JSON.stringify(text)}`);
    if (at % 4 !== 0) return;
    const texts = [expected.texts[at / 4] ?? text, expected.plainTexts[at / 4] ?? text];
    const found = [false, true].map((skipSpecialTokens) => tokenizer.decode(ids, { skipSpecialTokens }));
    assert.deepEqual(found, texts, `the text of ${JSON.stringify(text)}`);
  });
  expected.pairs.forEach((pair, at) => {
    const both = [strings[10 * at]!, strings[10 * at + 1]!] as const;
    assert.deepEqual(Object.values(tokenizer.encodePair(...both)), pair, `the pair ${JSON.stringify(both)}`);
    assert.deepEqual(Object.values(tokenizer.encodePair(...both, 12)), expected.cutPairs[at], JSON.stringify(both));
  });
}
