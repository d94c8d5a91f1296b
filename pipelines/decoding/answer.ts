/** Converting generated tokens to an answer. @module */
import type { Tokenizer } from "../models/tokenization/tokenizer.ts";
import { GrowingText } from "./growing_text.ts";

/** What of a tokenizer an answer's text takes. */
export type AnswerTokenizer = Pick<Tokenizer, "decode" | "isSpecial" | "cleanUp">;

/** The text of an answer, and whether a stop text ended it. */
interface Answer {
  readonly text: string;
  readonly isStopped: boolean;
}

/**
 * The text of generated tokens, decoded as in transformers and cut before the first stop text. A stop text is searched
 * for in the decoded answer and in the raw text of its tokens, which includes special tokens and has no spaces cleaned
 * up.
 */
export function answerOf(stop: readonly string[], tokenizer: AnswerTokenizer, written: readonly number[]): Answer {
  const text = decode(tokenizer, written);
  if (stop.length === 0) return { text, isStopped: false };
  const read = firstOf(stop, text), spelled = firstOf(stop, spell(tokenizer, written));
  const cut = [
    ...read === undefined ? [] : [text.slice(0, read)],
    ...spelled === undefined ? [] : [readUpTo(spelled, tokenizer, written)],
  ];
  if (cut.length === 0) return { text, isStopped: false };
  return { text: cut.reduce((shortest, each) => each.length < shortest.length ? each : shortest), isStopped: true };
}

/** The answer of a growing list of tokens; each call costs the same, however many there are. */
export class GrowingAnswer {
  readonly #stop: readonly string[];
  readonly #tokenizer: AnswerTokenizer;
  readonly #text: GrowingText;
  readonly #spelled: GrowingText;

  constructor(stop: readonly string[], tokenizer: AnswerTokenizer) {
    this.#stop = stop;
    this.#tokenizer = tokenizer;
    this.#text = new GrowingText((tokens) => decode(tokenizer, tokens));
    this.#spelled = new GrowingText((tokens) => spell(tokenizer, tokens));
  }

  /** What {@linkcode answerOf} returns for tokens that begin with those of the call before. */
  of(written: readonly number[]): Answer {
    const text = this.#text.of(written), stop = this.#stop;
    const isStopped = stop.length > 0 &&
      (firstOf(stop, text) !== undefined || firstOf(stop, this.#spelled.of(written)) !== undefined);
    return isStopped ? answerOf(stop, this.#tokenizer, written) : { text, isStopped };
  }
}

/**
 * The answer that a completion's tokens decode to, if it differs from the completion; `undefined` if they decode to
 * nothing, like those of unknown characters, which no answer may equal.
 */
export function taughtAnswer(
  completion: string,
  tokenizer: Tokenizer,
  tokens: readonly number[],
): string | undefined {
  const { text } = answerOf([], tokenizer, tokens);
  return ["", completion.trim()].includes(text.trim()) ? undefined : text;
}

/** Where the first of some texts begins. */
function firstOf(texts: readonly string[], within: string): number | undefined {
  const places = texts.map((text) => within.indexOf(text)).filter((place) => place >= 0);
  return places.length === 0 ? undefined : Math.min(...places);
}

const decode = (tokenizer: AnswerTokenizer, ids: readonly number[]) =>
  tokenizer.decode(ids, { skipSpecialTokens: true });

const spell = (tokenizer: AnswerTokenizer, ids: readonly number[]) => tokenizer.decode(ids, { cleanUpSpaces: false });

/** The answer up to a place in the raw text of its tokens; a token that extends past the place counts up to it. */
function readUpTo(place: number, tokenizer: AnswerTokenizer, written: readonly number[]): string {
  const spelled = spell(tokenizer, written);
  // A stop text is usually found as soon as it is complete, so the place is near the end.
  let whole = written.length, before = spelled.length;
  while (before > place) before = spell(tokenizer, written.slice(0, --whole)).length;
  const isShown = whole < written.length && !tokenizer.isSpecial(written[whole]!);
  const rest = isShown ? spelled.slice(before, place) : "";
  const text = tokenizer.decode(written.slice(0, whole), { skipSpecialTokens: true, cleanUpSpaces: false });
  return tokenizer.cleanUp.clean(text + rest);
}
