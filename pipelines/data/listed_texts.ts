/** Texts that a field of a row lists. @module */
import { ownValue } from "../../ops/program/own_value.ts";
import { RequestError, type SourceLocation } from "../common/errors.ts";
import { quote, suggest } from "../common/suggest.ts";
import type { Fields } from "./raw_row.ts";

/** What is read of a row. */
interface Listing {
  readonly fields: Fields;
  readonly place: SourceLocation;
}

/**
 * The texts that a field lists, at least one.
 *
 * @param names What names the field, as in "which choices names".
 * @throws {RequestError} If the row has no such field, or it holds no list of texts.
 */
export function listedTexts({ fields, place }: Listing, field: string, names: string): readonly string[] {
  if (!Object.hasOwn(fields, field)) {
    const known = suggest(field, Object.keys(fields));
    throw new RequestError(`the row has no field ${quote(field)}, which ${names}; ${known}`, place);
  }
  const listed = ownValue(fields, field);
  if (Array.isArray(listed) && listed.length === 0) {
    throw new RequestError(`the field ${quote(field)}, which ${names}, is empty; list at least one text in it`, place);
  }
  if (isTexts(listed)) return listed;
  throw new RequestError(`the field ${quote(field)} holds no list of texts; write it as ["one", "another"]`, place);
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}
