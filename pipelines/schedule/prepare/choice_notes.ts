/** Notes on choices that are valid but may not be intended. @module */
import type { RowList } from "../../common/row_list.ts";
import { formatLocation, RequestError } from "../../common/errors.ts";
import { quote } from "../../common/suggest.ts";
import type { Row } from "../../data/row.ts";
import { isRight } from "../../metrics/exact_match.ts";
import { metricOf } from "../../metrics/mod.ts";
import type { EvaluateSpec, Resolved } from "../../spec/mod.ts";
import type { Choice } from "./choices.ts";

/**
 * Notes on rows whose completion is not among their choices, and on rows with only one choice or with one twice.
 *
 * @throws {RequestError} If no row's completion is among its choices, so that every answer would count as wrong.
 */
export function choiceNotes(
  { metrics }: Pick<Resolved<EvaluateSpec>, "metrics">,
  rows: RowList<Row>,
  choices: RowList<readonly Choice[]> | undefined,
): readonly string[] {
  if (choices === undefined) return [];
  const alone = new Found(), lost = new Found(), repeated = new Found();
  const isCompared = metrics.some((metric) => metricOf(metric).measures.texts?.(metric).needsEqual === true);
  let at = 0;
  for (const ofRow of choices) {
    const row = rows.at(at++)!;
    if (ofRow.length === 1) alone.add(row);
    if (repeatedIn(ofRow) !== undefined) repeated.add(row, ofRow);
    if (isCompared && !ofRow.some(({ text }) => isRight(text, row))) lost.add(row);
  }
  const counted = ({ first, count }: Found, what: (first: Row) => string) => {
    return first === undefined
      ? []
      : [`${formatLocation(first.place)}: ${what(first)} (${count} of ${rows.length} rows)`];
  };
  if (lost.first !== undefined && lost.count === rows.length) {
    const { completion, place } = lost.first,
      listed = choices.at(0)!.slice(0, 4).map(({ text }) => quote(text)).join(", ");
    throw new RequestError(
      `no row's completion is among its choices, ${listed}, as that of ${formatLocation(place)}, ${
        quote(completion)
      }; ` +
        "list the completions' texts",
    );
  }
  return [
    ...counted(repeated, () => {
      return `the choice ${quote(repeatedIn(repeated.choices)!)} is listed twice, and the second is never chosen`;
    }),
    ...counted(alone, () => "the row has one choice, which is always chosen"),
    ...counted(lost, ({ completion }) => {
      return `the completion ${quote(completion)} is not among the row's choices, so none of them is right`;
    }),
  ];
}

/** The first text that choices repeat, if any. */
function repeatedIn(choices: readonly Choice[]): string | undefined {
  const seen = new Set<string>();
  return choices.find(({ text }) => seen.size === seen.add(text).size)?.text;
}

/** The rows found: the first, with its choices, and their number. */
class Found {
  first: Row | undefined;
  choices: readonly Choice[] = [];
  count = 0;

  add(row: Row, choices: readonly Choice[] = []): void {
    if (this.first === undefined) this.choices = choices;
    this.first ??= row;
    this.count++;
  }
}
