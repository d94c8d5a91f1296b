/** A prompt's tokens with their text, and which of them each field of its template wrote. @module */
import { ownValue } from "../../ops/program/own_value.ts";
import { RequestError } from "../common/errors.ts";
import type { TokenizedPrompt } from "./examples.ts";

/** A prompt as a model reads it, and the row that it was made of. */
export interface PromptTokens {
  /** The whole prompt, special tokens included. */
  readonly text: string;
  /** Each token's id. */
  readonly ids: readonly number[];
  /** Each token's text. */
  readonly pieces: readonly string[];
  /** The row's fields, as the data has them. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** The tokens, by index, that each field of the prompt's template wrote. */
  readonly spans: Readonly<Record<string, readonly number[]>>;
}

/** A token counted from a prompt's end. */
export interface FromEnd {
  /** Tells the kinds of record apart. */
  readonly kind: "fromEnd";
  /** From 1, the last token. */
  readonly count: number;
}

/**
 * Chooses which of a prompt's tokens to edit, by their index from 0 at the start, or counted from its end. It has to depend
 * on the prompt alone.
 */
export type ChoosePositions = (prompt: PromptTokens) => readonly (number | FromEnd)[];

/** Chooses which rows of an edit's rank act on an example, from 0, by the fields of its row. */
export type ChooseSubspace = (fields: Readonly<Record<string, unknown>>) => readonly number[];

/** The text of some ids, as it is where it is compared with an original. */
export type Decode = (
  ids: readonly number[],
  options: { readonly skipSpecialTokens?: boolean; readonly cleanUpSpaces: false },
) => string;

/** What is asked of a prompt when an edit depends on it; the spans are looked for when they are read. */
export function readPrompt(of: TokenizedPrompt, decode: Decode): PromptTokens {
  const { prompt: ids, source: { fields, spans } } = of;
  let found: PromptTokens["spans"] | undefined;
  return {
    text: decode(ids, { cleanUpSpaces: false }),
    ids,
    pieces: ids.map((id) => decode([id], { cleanUpSpaces: false })),
    fields,
    get spans() {
      return found ??= Object.fromEntries(Object.keys(spans).map((field) => [field, fieldTokens(of, field, decode)]));
    },
  };
}

/**
 * The tokens, by index, that hold something of what a field of the template wrote. A token that begins with the space
 * before it counts.
 *
 * @throws {RequestError} If the tokenizer changes the text, so that its tokens can't be found in it.
 */
export function fieldTokens({ prompt, source, typeIds }: TokenizedPrompt, field: string, decode: Decode): number[] {
  const written = ownValue(source.spans, field) ?? [];
  // Before a head a text loses its end, else its start unless its rows are cut on the right.
  const places = tokenPlaces(prompt, source.text, decode, typeIds === undefined ? startOfEither : startOfFront);
  if (places === undefined) {
    throw new RequestError(
      "the tokenizer changes the prompt's text, so the tokens of a field can't be told; choose them with a function",
      source.place,
    );
  }
  return places.flatMap((place, token) =>
    place !== undefined && written.some(([start, end]) => place[0] < end && place[1] > start) ? [token] : []
  );
}

type TokenPlace = readonly [start: number, end: number] | undefined;

/** Where in a text a part of it begins; nothing if it is no such part. */
type StartOf = (part: string, text: string) => number | undefined;

// Some tokenizers put a space in front that the text does not have.
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
 * Where each token stands in the text, `undefined` for special tokens; nothing if the tokens' text is not the part of the
 * text that is left where it may have been cut.
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
    // A character of which bytes are still to come is not counted yet.
    end = Math.max(start, decoded(index + 1).replace(/\ufffd+$/, "").length);
    if (textOf([id]) === "") return undefined;
    return [start + shift, Math.max(end, start + 1) + shift];
  });
}
