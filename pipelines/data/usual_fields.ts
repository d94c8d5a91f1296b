/** Which fields of a row are probably its prompt and its completion. @module */
import { ownValue } from "../../ops/program/own_value.ts";
import { RequestError } from "../common/errors.ts";
import type { Fields } from "./files/raw_row.ts";

/** Usual names of fields, the likeliest first. */
const usual = {
  asked: ["question", "prompt", "instruction", "query", "input", "text", "sentence", "source", "title"],
  taught: ["answer", "completion", "output", "response", "reply", "label", "class", "category", "target"],
};

/** The fields for the prompt and the completion. */
export interface PromptFields {
  readonly asked: string;
  readonly taught: string;
}

/**
 * The fields with usual names, otherwise the first and the last.
 *
 * @param path The file, for the error.
 * @throws {RequestError} If fewer than two fields can be used as text.
 */
export function usualFields(row: Fields, path: string): PromptFields {
  const names = Object.keys(row).filter((name) => ["string", "number", "boolean"].includes(typeof ownValue(row, name)));
  const named = (list: readonly string[], others: readonly string[]) => list.find((name) => others.includes(name));
  const taught = named(usual.taught, names) ?? names.at(-1);
  const rest = names.filter((name) => name !== taught), asked = named(usual.asked, rest) ?? rest[0];
  if (taught !== undefined && asked !== undefined) return { asked, taught };
  const found = names.length === 0 ? "" : ` (${names.join(", ")})`;
  throw new RequestError(
    `has rows with fewer than two fields of text${found}; give each row a question and its answer`,
    {
      file: path,
      line: 1,
    },
  );
}
