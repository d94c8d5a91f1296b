/** A conversation as an example. @module */
import { encodeUnanswered, sharedLength, type SpecialTokens } from "../../models/tokenization/joint_tokens.ts";
import { type ChatTokenizer, encodeTurns } from "./tokens.ts";
import type { Turns } from "./turns.ts";

/** A conversation's tokens, in two parts. */
interface ConversationTokens {
  readonly prompt: readonly number[];
  readonly completion: readonly number[];
  /** Whether a token ends where the prompt's text does. */
  readonly isOwn: boolean;
  /** The completion's tokens, by index, that are taught; all of them if omitted. */
  readonly taught?: readonly number[];
  /** The special token that ends the completion, if there is one. */
  readonly endToken?: number;
}

/** What templates write is all that a conversation has: the tokenizer adds nothing to it. */
export const around: SpecialTokens = { before: [], after: [] };

/**
 * Encodes a conversation as one text, in which the first taught token begins the completion.
 *
 * @param asks Whether the prompt is for a model to answer, so that it has what the template asks with.
 */
export function encodeConversation(found: Turns, tokenizer: ChatTokenizer, asks: boolean): ConversationTokens {
  const { ids, turns, asked, isOwn, endToken } = encodeTurns(found, tokenizer);
  const ends = endToken === undefined ? {} : { endToken };
  const start = turns[0]![0], end = turns.at(-1)![1];
  const whole = { prompt: ids.slice(0, start), completion: ids.slice(start, end), isOwn, ...ends };
  if (asks) {
    if (asked?.isOwn && asked.count === start) return whole;
    // What is asked may end otherwise than what is taught, and a model that is asked gets the tokens of that text alone.
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

/** The tokens that a model is asked with where the answer is still to be written, as in chat. */
function askedAlone({ asked }: Turns, { encode, decode }: ChatTokenizer): readonly number[] {
  return encodeUnanswered(asked, { encode, decode, around }).prompt;
}

/** What is left to say after what is asked, encoded alone. */
function answeredAlone({ text, answersFrom, spans }: Turns, { encode }: ChatTokenizer): readonly number[] {
  return encode(text.slice(answersFrom, spans.at(-1)![1]));
}
