/** What choices are compared by, and with. @module */
import { ownValue } from "../../../ops/program/own_value.ts";
import { RequestError } from "../../common/errors.ts";
import { locationOf } from "../../common/source_location.ts";
import type { ExampleTokenizer, TokenizedPrompt } from "../../data/examples.ts";
import { choiceScores, type ScoredBy } from "../../metrics/choice_scores.ts";
import type { Tokenizer } from "../../models/tokenization/tokenizer.ts";
import type { DecodingSpec, EvaluateSpec, Resolved } from "../../spec/mod.ts";

type Choosing = Extract<Resolved<DecodingSpec>, { kind: "choices" }>;
type Metrics = Resolved<EvaluateSpec>["metrics"];

/** What choices are compared by, for the answer and for metrics. */
function comparedBy({ by = "sum" }: Choosing, metrics: Metrics): readonly ScoredBy[] {
  return [by, ...metrics.flatMap((metric) => "by" in metric && metric.by !== undefined ? [metric.by] : [])];
}

/** Whether choices are compared with their likelihood without the row. */
export function needsUnconditional(decoding: Choosing, metrics: Metrics): boolean {
  return comparedBy(decoding, metrics).some((by) => choiceScores[by].needsUnconditional);
}

/**
 * Rejects dividing the scores of choices if the same text is scored for all of them.
 *
 * @throws {RequestError} As said.
 */
export function requireComparable(decoding: Choosing, metrics: Metrics): void {
  const odd = comparedBy(decoding, metrics).find((by) => by !== "sum");
  if (decoding.continuation === undefined || odd === undefined) return;
  throw new RequestError(
    `choices with a continuation are all scored on the same text, so by ${odd} makes no difference; compare by sum`,
    locationOf(decoding),
  );
}

/**
 * The unconditional prompt of a row. If it is empty, it is the token that begins a sequence, or if the model has none,
 * the token that ends one, as in lm-evaluation-harness.
 */
export function unconditionalPrompt(
  text: string,
  tokenizer: ExampleTokenizer & Pick<Tokenizer, "chat">,
): (source: TokenizedPrompt["source"]) => TokenizedPrompt {
  const written = tokenizer.encodePrompt(text), prompt = written.length > 0 ? written : [startOf(tokenizer)];
  return ({ fields, place }) => ({ prompt, source: { text, spans: {}, fields, ...place && { place } } });
}

function startOf(tokenizer: ExampleTokenizer & Pick<Tokenizer, "chat">): number {
  const named = ownValue(tokenizer.chat.specialTokens, "bos_token");
  const ids = typeof named === "string" ? tokenizer.encode(named) : [];
  return ids.length === 1 ? ids[0]! : tokenizer.eosTokenId;
}
