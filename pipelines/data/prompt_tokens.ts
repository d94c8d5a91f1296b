/** A prompt's tokens with their text, and which of them each field of its template produced. @module */
import { readOnlyCopy } from "../common/plain_copy.ts";
import { ownValue } from "../../ops/program/own_value.ts";
import { RequestError } from "../common/errors.ts";
import type { TokenizedPrompt } from "./examples.ts";

/** A prompt as a model reads it, and the row that it was made from. */
export interface PromptTokens {
  /** The whole prompt, including special tokens. */
  readonly text: string;
  /** Each token's id. */
  readonly ids: readonly number[];
  /** Each token's text. */
  readonly pieces: readonly string[];
  /** The row's fields, as in the data. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** The indices of the tokens that each field of the prompt's template produced. */
  readonly spans: Readonly<Record<string, readonly number[]>>;
}

/** A token counted from a prompt's end. */
export interface FromEnd {
  /** Which kind of record this is. */
  readonly kind: "fromEnd";
  /** 1 for the last token. */
  readonly count: number;
}

/**
 * Chooses which of a prompt's tokens to edit, by index from 0, or counted from the prompt's end. It must depend only on
 * the prompt.
 */
export type ChoosePositions = (prompt: PromptTokens) => readonly (number | FromEnd)[];

/** Chooses which rows of an edit's rank act on an example, from 0, by the fields of its row. */
export type ChooseSubspace = (fields: Readonly<Record<string, unknown>>) => readonly number[];

/** The text of some ids, unmodified if it is compared with an original. */
export type Decode = (
  ids: readonly number[],
  options: { readonly skipSpecialTokens?: boolean; readonly cleanUpSpaces: false },
) => string;

/** What a function receives about a prompt when an edit depends on it; the spans are computed on access. */
export function readPrompt(of: TokenizedPrompt, decode: Decode): PromptTokens {
  const { prompt: ids, source: { fields, spans } } = of;
  let found: PromptTokens["spans"] | undefined;
  return {
    text: decode(ids, { cleanUpSpaces: false }),
    ids: readOnlyCopy(ids),
    pieces: ids.map((id) => decode([id], { cleanUpSpaces: false })),
    fields: readOnlyCopy(fields),
    get spans() {
      return found ??= Object.fromEntries(Object.keys(spans).map((field) => [field, fieldTokens(of, field, decode)]));
    },
  };
}

/**
 * The indices of the tokens that contain any part of a template field's text. A token that begins with the space before
 * it counts.
 *
 * @throws {RequestError} If the tokenizer changes the text, so that its tokens cannot be located in it.
 */
export function fieldTokens({ prompt, source, typeIds }: TokenizedPrompt, field: string, decode: Decode): number[] {
  const written = ownValue(source.spans, field) ?? [];
  // With a head a text loses its end, otherwise its start, unless its rows are cut on the right.
  const places = tokenPlaces(prompt, source.text, decode, typeIds === undefined ? startOfEither : startOfFront);
  if (places === undefined) {
    throw new RequestError(
      "the tokenizer changes the prompt's text, so the tokens of a field can't be identified; choose them with a function",
      source.place,
    );
  }
  return places.flatMap((place, token) =>
    place !== undefined && written.some(([start, end]) => place[0] < end && place[1] > start) ? [token] : []
  );
}

type TokenPlace = readonly [start: number, end: number] | undefined;

/** Where a part of a text begins; `undefined` if it is not part of it. */
type StartOf = (part: string, text: string) => number | undefined;

// Some tokenizers prepend a space that the text does not have.
const startOfEnd: StartOf = (part, text) =>
  text.endsWith(part) || part.trimStart() === text.trimStart() ? text.length - part.length : undefined;
const startOfFront: StartOf = (part, text) => {
  const spaces = (of: string) => of.length - of.trimStart().length;
  // The cut may go through the bytes of a character.
  const whole = part.trimStart().replace(/\ufffd+$/, "");
  return text.trimStart().startsWith(whole) ? spaces(text) - spaces(part) : undefined;
};
const startOfEither: StartOf = (part, text) => startOfEnd(part, text) ?? startOfFront(part, text);

/**
 * Where each token is in the text, `undefined` for special tokens; the whole result is `undefined` if the tokens' text
 * is not the remaining part of a text that may have been cut.
 */
function tokenPlaces(
  ids: readonly number[],
  text: string,
  decode: Decode,
  startOf: StartOf,
): TokenPlace[] | undefined {
  const textOf = (some: readonly number[]) => decode(some, { skipSpecialTokens: true, cleanUpSpaces: false });
  const decoded = (count: number) => textOf(ids.slice(0, count));
  const whole = decoded(ids.length), shift = startOf(whole, text);
  if (shift === undefined) return undefined;
  let end = 0;
  return ids.map((id, index): TokenPlace => {
    const start = end;
    // A character whose remaining bytes are still to come is not counted yet.
    end = Math.max(start, decoded(index + 1).replace(/\ufffd+$/, "").length);
    if (textOf([id]) === "") return undefined;
    return [start + shift, Math.max(end, start + 1) + shift];
  });
}
