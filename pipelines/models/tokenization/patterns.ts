/** The patterns of tokenizer.json: a text, or a regular expression of Oniguruma, which the library puts into JavaScript's terms. @module */
import { ReplaceNormalizer } from "@huggingface/tokenizers";
import { isJsonObject, type JsonObject } from "../../common/files.ts";

/** A text to find, or a regular expression. */
type Pattern = { readonly Regex: string } | { readonly String: string };

/**
 * The pattern of a `Replace` or `Split`.
 *
 * @throws {Error} If it has none.
 */
export function patternOf({ type, pattern }: JsonObject): Pattern {
  const { Regex, String } = isJsonObject(pattern) ? pattern : {};
  if (typeof Regex === "string") return { Regex };
  if (typeof String === "string") return { String };
  throw new Error(`a ${type} without a pattern`);
}

/** The pattern of a `Replace` or `Split`, compiled; it finds every match. Errors as of {@linkcode patternOf}. */
export function regExpOf(declared: JsonObject): RegExp {
  const { pattern } = new ReplaceNormalizer({ type: "Replace", pattern: patternOf(declared), content: "" });
  if (pattern === null) throw new TypeError("A declared pattern was not compiled");
  return pattern;
}
