/** Texts that a field of a row lists. @module */
import { RequestError } from "../common/errors.ts";
import { quote } from "../common/suggest.ts";
import { fieldOf, type Values } from "./template.ts";

/**
 * The texts that a field lists, at least one.
 *
 * @param asking What names the field, as in "choices".
 * @throws {RequestError} If the row has no such field, or it does not hold a list of texts.
 */
export function listedTexts(row: Values, field: string, asking: string): readonly string[] {
  const { value: listed } = fieldOf(row, field, asking), { place } = row;
  if (Array.isArray(listed) && listed.length === 0) {
    throw new RequestError(
      `the field ${quote(field)}, which ${asking} names, is empty; list at least one text in it`,
      place,
    );
  }
  if (isTexts(listed)) return listed;
  throw new RequestError(`the field ${quote(field)} is not a list of texts; write it as ["one", "another"]`, place);
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}
