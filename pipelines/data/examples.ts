import { RequestError, type SourceLocation } from "../common/errors.ts";
import { encodeTurns } from "./chat/tokens.ts";
import type { Turns } from "./chat/turns.ts";
import type { Row } from "./row.ts";
import type { Filled } from "./template.ts";

/** What tokenizing rows takes of a tokenizer. */
export interface ExampleTokenizer {
  /** The ids of a prompt, with the special tokens that the tokenizer adds. */
  encodePrompt(text: string): number[];
  /** The ids of a text alone. */
  encode(text: string): number[];
  /** The text of some ids. */
  decode(ids: readonly number[]): string;
  /** Whether a token is a special one. */
  isSpecial(id: number): boolean;
  readonly eosTokenId: number;
}

/** What a prompt was made of. */
interface PromptSource extends Filled {
  /** All that the data has about its row. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** Where the row stands; `undefined` if it comes from no file. */
  readonly place?: SourceLocation;
}

/** A prompt as token ids. */
export interface TokenizedPrompt {
  /** `[promptTokens]`, never empty. */
  readonly prompt: readonly number[];
  /** Each token's type, 1 for those of a second text; left out where there is one text alone. */
  readonly typeIds?: readonly number[];
  readonly source: PromptSource;
}

/** One example as token ids. A model reads the prompt and is taught the completion. */
export interface TokenizedExample extends TokenizedPrompt {
  /**
   * `[completionTokens]`, the end-of-sequence token last; of a conversation what the template ends a turn with; before a head
   * `[1]`, the id of a class or a number.
   */
  readonly completion: readonly number[];
  /** The completion's tokens, by index, that are taught; all of them if left out. The first always is. */
  readonly taught?: readonly number[];
  /** The special token that ends the completion, of a conversation's if there is one. */
  readonly endToken?: number;
}

/** How many tokens an example may have, its completion and the end-of-sequence token counted. */
export interface TokenizeOptions {
  /** The model's context length. A longer example is an error. */
  readonly maxContext: number;
  /** A longer example loses tokens from the start of its prompt, special tokens too; never from its completion. */
  readonly maxLength?: number;
  /** Whether prompts are for a model to answer, so that a conversation's is encoded without what follows. */
  readonly asks?: boolean;
}

/** A prompt by itself, with the special tokens that its tokenizer adds. */
export function tokenizePrompt(source: PromptSource, { encodePrompt }: Pick<ExampleTokenizer, "encodePrompt">) {
  return { prompt: encodePrompt(source.text), source } satisfies TokenizedPrompt;
}

/**
 * Encodes rows: prompt and completion apart, the end-of-sequence token after the completion.
 *
 * @returns One example a row, in the rows' order.
 * @throws {RequestError} If a row has no prompt tokens, is too long for the model, or has a completion that leaves no
 * room within `maxLength`; the message has the row's place.
 */
export function tokenize(
  rows: readonly Row[],
  tokenizer: ExampleTokenizer,
  options: TokenizeOptions,
): TokenizedExample[] {
  const { maxLength } = options;
  requireLength(maxLength);
  return rows.map((row) => {
    const { prompt: text, spans, fields, place, turns } = row;
    const source: PromptSource = { text, spans, fields, place };
    const encoded = turns === undefined
      ? {
        prompt: tokenizer.encodePrompt(text),
        completion: [...tokenizer.encode(row.completion), tokenizer.eosTokenId],
      }
      : tokenizeTurns(turns, tokenizer, options.asks === true);
    const { prompt, completion } = encoded;
    if (prompt.length === 0) {
      throw new RequestError(
        "the row's prompt has no tokens; write some text in its fields or its template",
        row.place,
      );
    }
    const kept = maxLength === undefined ? prompt : keepLast(prompt, completion, maxLength, row);
    const length = kept.length + completion.length;
    requireFit(length, options.maxContext, "prompt's start", row.place);
    return { ...encoded, prompt: kept, source };
  });
}

/** A conversation is encoded as one text, in which the first taught token begins the completion. */
function tokenizeTurns(
  found: Turns,
  tokenizer: ExampleTokenizer,
  asks: boolean,
): Omit<TokenizedExample, "source"> & { readonly prompt: number[] } {
  const { ids, turns, endToken } = encodeTurns(found, tokenizer);
  const start = turns[0]![0], end = turns.at(-1)![1];
  const whole = { prompt: ids.slice(0, start), completion: ids.slice(start, end) };
  const ends = endToken === undefined ? {} : { endToken };
  if (asks) {
    const prompt = tokenizer.encode(found.asked);
    // A token may reach over the prompt's end, and what is asked may end otherwise than what is taught.
    const isWhole = prompt.length === start && prompt.every((id, at) => id === ids[at]);
    return isWhole ? { ...whole, ...ends } : { prompt, completion: answerAlone(found, tokenizer, endToken), ...ends };
  }
  const taught = turns.flatMap(([from, to]) => Array.from({ length: to - from }, (_, at) => from - start + at));
  return { ...whole, ...(taught.length === whole.completion.length ? {} : { taught }), ...ends };
}

/** What is left to say behind what is asked. */
function answerAlone(found: Turns, { encode }: ExampleTokenizer, endToken: number | undefined): number[] {
  const { text, answersFrom, spans } = found, [, behind] = spans.at(-1)!;
  const ids = encode(text.slice(answersFrom, behind)), end = endToken === undefined ? -1 : ids.lastIndexOf(endToken);
  return end === -1 ? ids : ids.slice(0, end + 1);
}

/** Refuses a limit that is no number of tokens. */
export function requireLength(maxLength: number | undefined): void {
  if (maxLength === undefined || (Number.isSafeInteger(maxLength) && maxLength >= 1)) return;
  throw new RequestError(
    `expected maxLength to be a whole number of tokens but found ${maxLength}; correct it, as in 512`,
  );
}

/**
 * Refuses a row that is too long for the model.
 *
 * @param lost What a training can cut off.
 */
export function requireFit(length: number, maxContext: number, lost: string, place: SourceLocation): void {
  if (length <= maxContext) return;
  throw new RequestError(
    `the row has ${length} tokens and the model reads at most ${maxContext}; ` +
      `shorten the row, or let its training cut the ${lost} with maxLength: ${maxContext}`,
    place,
  );
}

function keepLast(prompt: number[], completion: readonly number[], maxLength: number, row: Row): number[] {
  const room = maxLength - completion.length;
  if (room < 1) {
    throw new RequestError(
      `the row's completion has ${completion.length} tokens and leaves no room for a prompt within maxLength: ` +
        `${maxLength}; raise maxLength or shorten the completion`,
      row.place,
    );
  }
  return prompt.length > room ? prompt.slice(-room) : prompt;
}
