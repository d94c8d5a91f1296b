/** A conversation as an example. @module */
import { encodeUnanswered, sharedLength, type SpecialTokens } from "../../models/tokenization/joint_tokens.ts";
import { type ChatTokenizer, encodeTurns } from "./tokens.ts";
import type { Turns } from "./turns.ts";

/** A conversation's tokens, in two parts. */
interface ConversationTokens {
  readonly prompt: readonly number[];
  readonly completion: readonly number[];
  /** Whether a token boundary coincides with the end of the prompt's text. */
  readonly isOwn: boolean;
  /** The indices of the completion's tokens that are trained on; all of them if omitted. */
  readonly taught?: readonly number[];
  /** The special token that ends the completion, if there is one. */
  readonly endToken?: number;
}

/** The template writes everything in a conversation: the tokenizer adds nothing to it. */
export const around: SpecialTokens = { before: [], after: [] };

/**
 * Encodes a conversation as one text; the first trained token begins the completion.
 *
 * @param asks Whether a model is to answer the prompt, which then ends with the template's generation prompt.
 */
export function encodeConversation(found: Turns, tokenizer: ChatTokenizer, asks: boolean): ConversationTokens {
  const { ids, turns, asked, isOwn, endToken } = encodeTurns(found, tokenizer);
  const ends = endToken === undefined ? {} : { endToken };
  const start = turns[0]![0], end = turns.at(-1)![1];
  const whole = { prompt: ids.slice(0, start), completion: ids.slice(start, end), isOwn, ...ends };
  if (asks) {
    if (asked?.isOwn && asked.count === start) return whole;
    // The prompt for generation may end differently from the trained text, and the model gets only the tokens of the
    // prompt's own text.
    const prompt = asked?.isOwn ? ids.slice(0, asked.count) : askedAlone(found, tokenizer);
    const isBeginning = asked !== undefined && asked.count === prompt.length &&
      sharedLength(prompt, ids) === asked.count;
    const completion = isBeginning ? ids.slice(asked.count, end) : answeredAlone(found, tokenizer);
    const last = endToken === undefined ? -1 : completion.lastIndexOf(endToken);
    return { prompt, completion: last === -1 ? completion : completion.slice(0, last + 1), isOwn: true, ...ends };
  }
  const taught = turns.flatMap(([from, to]) => Array.from({ length: to - from }, (_, at) => from - start + at));
  return { ...whole, ...(taught.length === whole.completion.length ? {} : { taught }) };
}

/** The tokens of the prompt when the answer is still to be generated, as in chat. */
function askedAlone({ asked }: Turns, { encode, decode }: ChatTokenizer): readonly number[] {
  return encodeUnanswered(asked, { encode, decode, around }).prompt;
}

/** The part of the text after the prompt, encoded separately. */
function answeredAlone({ text, answersFrom, spans }: Turns, { encode }: ChatTokenizer): readonly number[] {
  return encode(text.slice(answersFrom, spans.at(-1)![1]));
}
