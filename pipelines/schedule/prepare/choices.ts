/** The candidate answers of an evaluation that chooses. @module */
import { flatMadeOf, madeOf, type RowList } from "../../common/row_list.ts";
import { inTime } from "../../common/deadline.ts";
import { RequestError, type SourceLocation } from "../../common/errors.ts";
import { atLocation } from "../../common/source_location.ts";
import { quote } from "../../common/suggest.ts";
import type { ExampleTokenizer, TokenizedExample } from "../../data/examples.ts";
import { fitPrompt } from "../../data/length_limits.ts";
import { listedTexts } from "../../data/listed_texts.ts";
import type { Row } from "../../data/row.ts";
import { isChoosing } from "../../decoding/kinds.ts";
import type { Model } from "../../models/open/model.ts";
import type { Tokenizer } from "../../models/tokenization/tokenizer.ts";
import type { EvaluateSpec, Resolved } from "../../spec/mod.ts";
import { choiceTokenizer } from "./choice_tokens.ts";
import { needsUnconditional, requireComparable, unconditionalPrompt } from "./compared_choices.ts";

/** A candidate answer. */
export interface Choice {
  readonly text: string;
  /**
   * The row with this answer, including the token that ends it if that counts. All answers of a row follow the same
   * prompt, or each ends its own prompt, which the scored text follows.
   */
  readonly example: TokenizedExample;
  /** The same tokens after the unconditional prompt, if they are compared with that. */
  readonly unconditional?: TokenizedExample;
}

/** What choices need from a model. */
interface ChoosingModel {
  readonly tokenizer: ExampleTokenizer & Pick<Tokenizer, "chat">;
  readonly architecture: Pick<Model["architecture"], "contextLength" | "encoder">;
}

/**
 * The choices of every row; `undefined` if the evaluation does not choose. For rows that are not in memory, choices are
 * built on each access.
 *
 * @throws {RequestError} If a row has no list of texts, or one of them has no tokens or does not fit after the prompt.
 */
export function choicesOf(
  { decoding, maxLength, truncate, metrics }: Pick<
    Resolved<EvaluateSpec>,
    "decoding" | "maxLength" | "truncate" | "metrics"
  >,
  rows: RowList<Row>,
  examples: RowList<TokenizedExample>,
  { tokenizer, architecture: { contextLength, encoder } }: ChoosingModel,
): RowList<readonly Choice[]> | undefined {
  if (decoding === undefined || !isChoosing(decoding)) return undefined;
  requireComparable(decoding, metrics);
  const { options, end: counts = true, continuation, separator } = decoding;
  const tokensOf = choiceTokenizer(tokenizer, { continuation, separator, hasEncoder: encoder !== undefined });
  const unconditional = needsUnconditional(decoding, metrics)
    ? unconditionalPrompt(decoding.unconditional ?? "", tokenizer)
    : undefined;
  const limits = { maxContext: contextLength, ...maxLength === undefined ? {} : { maxLength } };
  return madeOf(rows, (row, index) => {
    const { place } = row, texts = typeof options === "string" ? listedTexts(row, options, "choices") : options;
    const { source } = examples.at(index)!, sources = new Map<string, TokenizedExample["source"]>();
    const end = row.turns === undefined ? tokenizer.eosTokenId : examples.at(index)!.endToken;
    const ended = (own: readonly number[]) => counts && end !== undefined && own.at(-1) !== end ? [...own, end] : own;
    const characters = texts.reduce((sum, text) => sum + row.prompt.length + text.length, 0);
    const late = (seconds: number) =>
      new RequestError(
        `the tokenizer takes more than ${seconds} s for the row's choices; choose a model with a different tokenizer`,
      );
    // One deadline for all of a row's choices: setting one takes longer than encoding a text.
    const tokens = atLocation(place, () => inTime(2 * characters, late, () => tokensOf(row, texts)));
    const longest = Math.max(...tokens.map(({ own }) => ended(own).length));
    return tokens.map(({ prompt: full, text: asked, own }, at) => {
      const text = texts[at]!, completion = ended(own);
      const fit = fitPrompt(full, tokenizer.around.before, longest, limits, place);
      const prompt = truncate === "right" ? full.slice(0, fit.length) : fit;
      requireRoom(text, completion.length, contextLength - prompt.length, place);
      const example = {
        prompt,
        source: sources.getOrInsertComputed(asked, () => ({ ...source, text: asked })),
        completion,
      };
      return unconditional === undefined
        ? { text, example }
        : { text, example, unconditional: { ...unconditional(source), completion } };
    });
  });
}

/** Rejects a choice that does not fit into the model's context after the prompt. */
function requireRoom(text: string, tokens: number, room: number, place: SourceLocation): void {
  if (tokens <= room) return;
  throw new RequestError(
    `the choice ${quote(text)} has ${tokens} tokens, but the model's context has room for ${room}; ` +
      "shorten it or the prompt, or cut the prompt's start with maxLength of evaluate(…)",
    place,
  );
}

/** Each row with each of its choices, and each choice without the row if it is compared with that. */
export function answeredExamples(
  { choices = [] }: { readonly choices: RowList<readonly Choice[]> | undefined },
): RowList<TokenizedExample> {
  return flatMadeOf(choices, (ofRow) => {
    return ofRow.flatMap(({ example, unconditional }) =>
      unconditional === undefined ? [example] : [example, unconditional]
    );
  });
}
