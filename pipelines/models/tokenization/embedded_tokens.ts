/**
 * Tokens past a model's embedding: a tokenizer may have some that its model was never given rows for, as Gemma 3's text
 * models have one of images, and folders of finetuned Llamas a `[PAD]`.
 *
 * @module
 */
import { RequestError } from "../../common/errors.ts";
import type { Encoder } from "./encoder.ts";

/** Passes on ids that a model can read. */
export type EmbeddedTokens = (ids: number[]) => number[];

/**
 * Refuses the ids that a model has no embedding for, wherever a text turns into them.
 *
 * @param rows How many tokens the model's embedding has.
 * @throws {RequestError} From what is returned: with the first such token.
 */
export function embeddedTokens({ size, tokenOf }: Encoder, rows: number): EmbeddedTokens {
  if (size <= rows) return (ids) => ids;
  return (ids) => {
    const beyond = ids.find((id) => id >= rows);
    if (beyond === undefined) return ids;
    throw new RequestError(
      `the token ${
        JSON.stringify(tokenOf(beyond))
      } has the id ${beyond}, and the model's embedding has rows for the ids ` +
        `up to ${rows - 1} alone; remove the token from the text, or take a model whose embedding was resized for it`,
    );
  };
}
