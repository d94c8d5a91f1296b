/** Rows with labels as token ids and targets. @module */
import { RequestError, type SourceLocation } from "../common/errors.ts";
import { atLocation } from "../common/source_location.ts";
import { quote, suggest } from "../common/suggest.ts";
import type { TokenizedExample } from "./examples.ts";
import { type LengthLimits, requireFit, requireLength, type Truncation } from "./length_limits.ts";
import type { Row } from "./row.ts";

/** What tokenizing rows with labels needs from a tokenizer. */
interface PairTokenizer {
  /** One text or two as ids with special tokens, each with its type, truncated to a length. */
  encodePair(
    first: string,
    second: string | undefined,
    maxLength?: number,
    truncate?: Truncation,
  ): { ids: number[]; typeIds: number[] };
}

/** What a head makes of a row's label: a class id, or a number. */
export type TargetOf = (label: string, place: SourceLocation) => number;

/**
 * Encodes rows with labels: one text or two, truncated to `maxLength` on the right or the left, the longer of two
 * first.
 *
 * @returns One example per row, its completion only the target.
 * @throws {RequestError} If a row has no tokens, is too long for the model, or has a label that is not a target.
 */
export function tokenizeLabelled(
  rows: readonly Row[],
  tokenizer: PairTokenizer,
  targetOf: TargetOf,
  { maxContext, maxLength, truncate }: LengthLimits,
): TokenizedExample[] {
  requireLength(maxLength);
  return rows.map(({ prompt: text, pair, spans, completion: label, fields, place }) => {
    const { ids, typeIds } = atLocation(place, () => tokenizer.encodePair(text, pair, maxLength, truncate));
    if (ids.length === 0) {
      throw new RequestError("the row's text has no tokens; write some text in its fields or its template", place);
    }
    requireFit(ids.length, maxContext, "text's end", place);
    const source = { text, spans, fields, place };
    return { prompt: ids, typeIds, completion: [targetOf(label, place)], source };
  });
}

/**
 * The id of a class: the index of its name, or a number that is not itself a class's name.
 *
 * @throws {RequestError} If there is no such class.
 */
export function classOf(labels: readonly string[], label: string, place: SourceLocation): number {
  const named = labels.indexOf(label);
  if (named >= 0) return named;
  const id = /^\d+$/.test(label) ? Number(label) : NaN;
  if (id < labels.length) return id;
  throw new RequestError(`the label ${quote(label)} is not among the head's; ${suggest(label, labels)}`, place);
}

/**
 * The number that a label represents.
 *
 * @throws {RequestError} If it is not a number, or not finite.
 */
export function numberOf(label: string, place: SourceLocation): number {
  const number = label.trim() === "" ? NaN : Number(label);
  if (Number.isFinite(number)) return number;
  throw new RequestError(`the label ${quote(label)} is not a number for a regression; write one, as in 2.5`, place);
}
