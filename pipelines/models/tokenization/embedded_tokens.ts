/**
 * Tokens beyond a model's embedding: a tokenizer may have tokens for which its model's embedding has no rows, for
 * example an image token in Gemma 3's text models, or `[PAD]` in folders of finetuned Llamas.
 *
 * @module
 */
import { RequestError } from "../../common/errors.ts";
import type { Encoder } from "./encoder.ts";

/** Returns ids unchanged if the model can read them. */
export type EmbeddedTokens = (ids: number[]) => number[];

/**
 * Refuses ids for which a model has no embedding, wherever a text is encoded to them.
 *
 * @param rows The number of rows of the model's embedding.
 * @throws {RequestError} From the returned function, with the first such token.
 */
export function embeddedTokens({ size, tokenOf }: Encoder, rows: number): EmbeddedTokens {
  if (size <= rows) return (ids) => ids;
  return (ids) => {
    const beyond = ids.find((id) => id >= rows);
    if (beyond === undefined) return ids;
    throw new RequestError(
      `the token ${
        JSON.stringify(tokenOf(beyond))
      } has the id ${beyond}, but the model's embedding only has rows for the ids ` +
        `up to ${rows - 1}; remove the token from the text, or use a model whose embedding was resized for it`,
    );
  };
}
