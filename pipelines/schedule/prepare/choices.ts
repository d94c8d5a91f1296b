/** The answers among which an evaluation chooses. @module */
import { ownValue } from "../../../ops/program/own_value.ts";
import { RequestError } from "../../common/errors.ts";
import { quote, suggest } from "../../common/suggest.ts";
import type { TokenizedExample } from "../../data/examples.ts";
import type { Row } from "../../data/row.ts";
import type { Model } from "../../models/open/model.ts";
import type { DecodingSpec, Resolved } from "../../spec/mod.ts";

/** An answer that may be chosen. */
export interface Choice {
  readonly text: string;
  /** Never empty. */
  readonly tokens: readonly number[];
}

/**
 * The choices of every row; `undefined` where an evaluation does not choose.
 *
 * @throws {RequestError} If a row has no list of texts, or one of them has no tokens or does not fit after the prompt.
 */
export function choicesOf(
  decoding: Resolved<DecodingSpec> | undefined,
  rows: readonly Row[],
  examples: readonly TokenizedExample[],
  { tokenizer, architecture: { contextLength } }: Model,
): readonly (readonly Choice[])[] | undefined {
  if (decoding?.kind !== "choices") return undefined;
  const encoded = new Map<string, readonly number[]>();
  const encode = (text: string) => encoded.getOrInsertComputed(text, () => tokenizer.encode(text));
  return rows.map((row, index) => {
    const room = contextLength - examples[index]!.prompt.length;
    return optionsOf(decoding.options, row).map((text) => {
      const tokens = encode(text);
      if (tokens.length === 0) {
        throw new RequestError(`the choice ${quote(text)} has no tokens; write some text`, row.place);
      }
      if (tokens.length <= room) return { text, tokens };
      throw new RequestError(
        `the choice ${quote(text)} has ${tokens.length} tokens and the model's context has room for ${room}; ` +
          "shorten it or the prompt",
        row.place,
      );
    });
  });
}

function optionsOf(options: readonly string[] | string, { fields, place }: Row): readonly string[] {
  if (typeof options !== "string") return options;
  if (!Object.hasOwn(fields, options)) {
    const problem = `the row has no field ${quote(options)}, which choices names`;
    throw new RequestError(`${problem}; ${suggest(options, Object.keys(fields))}`, place);
  }
  const listed = ownValue(fields, options);
  if (isTexts(listed)) return listed;
  throw new RequestError(`the field ${quote(options)} holds no list of texts; write it as ["one", "another"]`, place);
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === "string");
}
