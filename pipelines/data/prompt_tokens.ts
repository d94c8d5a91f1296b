/** A prompt's tokens with their text, and which of them each field of its template wrote. @module */
import { RequestError } from "../errors.ts";
import type { PromptTokens } from "../spec.ts";
import type { TokenizedPrompt } from "./examples.ts";

/** The text of some ids. */
export type Decode = (ids: readonly number[], options?: { readonly skipSpecialTokens?: boolean }) => string;

/** What is asked of a prompt when an edit depends on it; the spans are looked for when they are read. */
export function readPrompt(of: TokenizedPrompt, decode: Decode): PromptTokens {
  const { prompt: ids, source: { fields, spans } } = of;
  let found: PromptTokens["spans"] | undefined;
  return {
    text: decode(ids),
    ids,
    pieces: ids.map((id) => decode([id])),
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
export function fieldTokens({ prompt, source }: TokenizedPrompt, field: string, decode: Decode): number[] {
  const written = source.spans[field] ?? [];
  const places = tokenPlaces(prompt, source.text, decode);
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

/**
 * Where each token stands in the text, `undefined` for special tokens; nothing if the tokens' text is not the text's end
 * (the start of a prompt may have been cut off).
 */
function tokenPlaces(ids: readonly number[], text: string, decode: Decode): TokenPlace[] | undefined {
  const decoded = (count: number) => decode(ids.slice(0, count), { skipSpecialTokens: true });
  const whole = decoded(ids.length), shift = text.length - whole.length;
  // Some tokenizers put a space in front that the text does not have.
  if (!text.endsWith(whole) && whole.trimStart() !== text.trimStart()) return undefined;
  let end = 0;
  return ids.map((id, index): TokenPlace => {
    const start = end;
    // A character of which bytes are still to come is not counted yet.
    end = Math.max(start, decoded(index + 1).replace(/\ufffd+$/, "").length);
    if (decode([id], { skipSpecialTokens: true }) === "") return undefined;
    return [start + shift, Math.max(end, start + 1) + shift];
  });
}
