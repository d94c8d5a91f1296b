/** The prompt after which a choice is as likely as it is without a row. @module */
import { ownValue } from "../../../ops/program/own_value.ts";
import type { ExampleTokenizer, TokenizedPrompt } from "../../data/examples.ts";
import type { ScoredBy } from "../../metrics/choice_scores.ts";
import type { Tokenizer } from "../../models/tokenization/tokenizer.ts";
import type { DecodingSpec, EvaluateSpec, Resolved } from "../../spec/mod.ts";

/** What says by what choices are compared. */
interface Compared {
  readonly decoding: Extract<Resolved<DecodingSpec>, { kind: "choices" }>;
  readonly metrics: Resolved<EvaluateSpec>["metrics"];
}

/** What choices are compared by, for the answer and for metrics. */
export function comparedBy({ decoding: { by = "sum" }, metrics }: Compared): readonly ScoredBy[] {
  return [by, ...metrics.flatMap((metric) => "by" in metric && metric.by !== undefined ? [metric.by] : [])];
}

/**
 * The unconditional prompt of a row. Of no text it is the token that begins a sequence, or where the model has none the one
 * that ends it, as lm-evaluation-harness has it.
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
