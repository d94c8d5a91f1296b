/** The answers among which an evaluation chooses. @module */
import { RequestError } from "../../common/errors.ts";
import { atLocation, locationOf } from "../../common/source_location.ts";
import { quote } from "../../common/suggest.ts";
import { type ExampleTokenizer, tokenizationOf, type TokenizedExample } from "../../data/examples.ts";
import { fitPrompt } from "../../data/length_limits.ts";
import { listedTexts } from "../../data/listed_texts.ts";
import type { Row } from "../../data/row.ts";
import { fillTemplate, parseTemplate } from "../../data/template.ts";
import { choosesOf } from "../../decoding/kinds.ts";
import { choiceScores } from "../../metrics/choice_scores.ts";
import type { Model } from "../../models/open/model.ts";
import type { Tokenizer } from "../../models/tokenization/tokenizer.ts";
import type { DecodingSpec, EvaluateSpec, Resolved } from "../../spec/mod.ts";
import { afterOnePrompt, apart, asContexts } from "./choice_tokens.ts";
import { comparedBy, unconditionalPrompt } from "./unconditional.ts";

/** An answer that may be chosen. */
export interface Choice {
  readonly text: string;
  /**
   * The row with this answer, with the token that ends it where that counts. All answers of a row follow the same prompt,
   * or each ends a prompt of its own, which what is scored follows.
   */
  readonly example: TokenizedExample;
  /** The same tokens after the unconditional prompt, where they are compared with that. */
  readonly unconditional?: TokenizedExample;
}

/** What choices take of a model. */
interface ChoosingModel {
  readonly tokenizer: ExampleTokenizer & Pick<Tokenizer, "chat">;
  readonly architecture: Pick<Model["architecture"], "contextLength" | "encoder">;
}

/**
 * The choices of every row; `undefined` where an evaluation does not choose.
 *
 * @throws {RequestError} If a row has no list of texts, or one of them has no tokens or does not fit after the prompt.
 */
export function choicesOf(
  { decoding, maxLength, metrics }: Pick<Resolved<EvaluateSpec>, "decoding" | "maxLength" | "metrics">,
  rows: readonly Row[],
  examples: readonly TokenizedExample[],
  { tokenizer, architecture: { contextLength, encoder } }: ChoosingModel,
): readonly (readonly Choice[])[] | undefined {
  if (decoding === undefined || !choosesOf(decoding)) return undefined;
  const { options, end: counts = true, continuation } = decoding;
  const encoded = new Map<string, number[]>(), hasEncoder = encoder !== undefined;
  const { encodePrompt } = tokenizer;
  const encode = (text: string) => encoded.getOrInsertComputed(text, () => tokenizer.encode(text));
  requireComparable(decoding, metrics);
  const template = continuation === undefined ? undefined : parseTemplate(continuation, "continuation");
  const unconditional = comparedBy({ decoding, metrics }).some((by) => choiceScores[by].needsUnconditional)
    ? unconditionalPrompt(decoding.unconditional ?? "", tokenizer)
    : undefined;
  return rows.map((row, index) => {
    const { place } = row, texts = typeof options === "string" ? listedTexts(row, options, "choices names") : options;
    const end = row.turns === undefined ? tokenizer.eosTokenId : examples[index]!.endToken;
    const ended = (own: readonly number[]) => counts && end !== undefined && own.at(-1) !== end ? [...own, end] : own;
    const isApart = row.turns === undefined && tokenizationOf(row, { hasEncoder }) === "apart";
    const tokens = atLocation(place, () => {
      if (template !== undefined) {
        const { text } = fillTemplate(template, row, "continuation");
        return asContexts(row, texts, text, tokenizer, isApart);
      }
      return isApart ? apart(row, texts, { encode, encodePrompt }) : afterOnePrompt(row, texts, tokenizer);
    });
    const longest = Math.max(...tokens.map(({ own }) => ended(own).length));
    const limits = { maxContext: contextLength, ...maxLength === undefined ? {} : { maxLength } };
    return texts.map((text, at) => {
      const { prompt: full, text: promptText, own } = tokens[at]!, completion = ended(own);
      if (own.length === 0) {
        const what = template === undefined ? "the choice" : "what follows the choice";
        throw new RequestError(`${what} ${quote(text)} has no tokens; write some text`, place);
      }
      const prompt = fitPrompt(full, tokenizer.around.before, longest, limits, place);
      const room = contextLength - prompt.length, source = { ...examples[index]!.source, text: promptText };
      if (completion.length > room) {
        throw new RequestError(
          `the choice ${quote(text)} has ${completion.length} tokens and the model's context has room for ${room}; ` +
            "shorten it or the prompt, or cut the prompt's start with maxLength of evaluate(…)",
          place,
        );
      }
      const bare = unconditional === undefined
        ? {}
        : { unconditional: { ...unconditional(examples[index]!.source), completion } };
      return { text, example: { prompt, source, completion }, ...bare };
    });
  });
}

/** Refuses to divide what is scored of choices that all have the same text scored. */
function requireComparable(
  decoding: Extract<Resolved<DecodingSpec>, { kind: "choices" }>,
  metrics: Resolved<EvaluateSpec>["metrics"],
): void {
  const odd = comparedBy({ decoding, metrics }).find((by) => by !== "sum");
  if (decoding.continuation === undefined || odd === undefined) return;
  throw new RequestError(
    `choices with a continuation all have the same text scored, so by ${odd} compares nothing; compare by sum`,
    locationOf(decoding),
  );
}

/** Each row with each of its choices, and each choice without the row where it is compared with that. */
export function answeredExamples(
  { choices = [] }: { readonly choices: readonly (readonly Choice[])[] | undefined },
): readonly TokenizedExample[] {
  return choices.flatMap((ofRow) =>
    ofRow.flatMap(({ example, unconditional }) => [example, unconditional ?? []].flat())
  );
}
