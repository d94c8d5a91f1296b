/** The answers among which an evaluation chooses. @module */
import { RequestError } from "../../common/errors.ts";
import { quote } from "../../common/suggest.ts";
import { around } from "../../data/chat/example.ts";
import { type ExampleTokenizer, tokenizationOf, type TokenizedExample } from "../../data/examples.ts";
import { encodeTogether, sharedLength } from "../../models/tokenization/joint_tokens.ts";
import { fitPrompt } from "../../data/length_limits.ts";
import type { Row } from "../../data/row.ts";
import { fieldOf } from "../../data/template.ts";
import { atLocation } from "../../common/source_location.ts";
import type { Model } from "../../models/open/model.ts";
import type { EvaluateSpec, Resolved } from "../../spec/mod.ts";

/** An answer that may be chosen. */
export interface Choice {
  readonly text: string;
  /**
   * The row with this answer, with the token that ends it where that counts; all answers of a row follow the same prompt.
   */
  readonly example: TokenizedExample;
}

/** What choices take of a model. */
interface ChoosingModel {
  readonly tokenizer: ExampleTokenizer;
  readonly architecture: Pick<Model["architecture"], "contextLength" | "encoder">;
}

/**
 * The choices of every row; `undefined` where an evaluation does not choose.
 *
 * @throws {RequestError} If a row has no list of texts, or one of them has no tokens or does not fit after the prompt.
 */
export function choicesOf(
  { decoding, maxLength }: Pick<Resolved<EvaluateSpec>, "decoding" | "maxLength">,
  rows: readonly Row[],
  examples: readonly TokenizedExample[],
  { tokenizer, architecture: { contextLength, encoder } }: ChoosingModel,
): readonly (readonly Choice[])[] | undefined {
  if (decoding?.kind !== "choices") return undefined;
  const encoded = new Map<string, number[]>(), hasEncoder = encoder !== undefined;
  const encode = (text: string) => encoded.getOrInsertComputed(text, () => tokenizer.encode(text));
  return rows.map((row, index) => {
    const { options, end: counts = true } = decoding, texts = optionsOf(options, row), { place } = row;
    const end = row.turns === undefined ? tokenizer.eosTokenId : examples[index]!.endToken;
    const ended = (own: readonly number[]) => counts && end !== undefined && own.at(-1) !== end ? [...own, end] : own;
    const isApart = row.turns === undefined && tokenizationOf(row, { hasEncoder }) === "apart";
    const { whole, prompt: full, text } = atLocation(
      place,
      () =>
        isApart
          ? { whole: texts.map(encode), prompt: tokenizer.encodePrompt(row.prompt), text: row.prompt }
          : afterOnePrompt(row, texts, tokenizer),
    );
    const longest = Math.max(...whole.map((own) => ended(own).length));
    const limits = { maxContext: contextLength, ...maxLength === undefined ? {} : { maxLength } };
    const prompt = fitPrompt(full, tokenizer.around.before, longest, limits, place);
    const room = contextLength - prompt.length, source = { ...examples[index]!.source, text };
    return texts.map((text, at) => {
      const own = whole[at]!, completion = ended(own);
      if (own.length === 0) {
        throw new RequestError(`the choice ${quote(text)} has no tokens; write some text`, place);
      }
      if (completion.length <= room) return { text, example: { prompt, source, completion } };
      throw new RequestError(
        `the choice ${quote(text)} has ${completion.length} tokens and the model's context has room for ${room}; ` +
          "shorten it or the prompt, or cut the prompt's start with maxLength of evaluate(…)",
        place,
      );
    });
  });
}

/** Each row with each of its choices. */
export function answeredExamples(
  { choices = [] }: { readonly choices: readonly (readonly Choice[])[] | undefined },
): readonly TokenizedExample[] {
  return choices.flatMap((ofRow) => ofRow.map(({ example }) => example));
}

/**
 * Each answer encoded with the prompt as one text. The prompt's tokens are those that all of these begin with, so that what
 * they differ in is scored, white space before an answer included.
 */
function afterOnePrompt(
  { prompt: filled, turns, place }: Row,
  texts: readonly string[],
  tokenizer: ExampleTokenizer,
): { readonly whole: readonly (readonly number[])[]; readonly prompt: readonly number[]; readonly text: string } {
  const asked = turns?.asked ?? filled, own = new Map<string, number[]>();
  const encode = (text: string) => own.getOrInsertComputed(text, () => tokenizer.encode(text));
  const joint = { ...tokenizer, encode, ...turns === undefined ? {} : { around } };
  const found = texts.map((text) => encodeTogether(asked, text, joint));
  const first = found[0]!, shared = Math.min(...found.map(({ prompt }) => sharedLength(first.prompt, prompt)));
  if (shared === 0) {
    throw new RequestError(
      "the row's prompt has no tokens of its own; write more text in its fields or its template",
      place,
    );
  }
  const prompt = first.prompt.slice(0, shared);
  const textOf = (ids: readonly number[]) => tokenizer.decode(ids, { cleanUpSpaces: false });
  const lost = textOf(first.prompt).length - textOf(prompt).length;
  return {
    whole: found.map((each) => [...each.prompt.slice(shared), ...each.completion]),
    prompt,
    text: first.text.slice(0, first.text.length - lost),
  };
}

function optionsOf(options: readonly string[] | string, row: Row): readonly string[] {
  if (typeof options !== "string") return options;
  const { value: listed } = fieldOf(row, options, "choices"), { place } = row;
  if (isTexts(listed)) return listed;
  throw new RequestError(`the field ${quote(options)} holds no list of texts; write it as ["one", "another"]`, place);
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === "string");
}
