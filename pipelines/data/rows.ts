import { RequestError } from "../common/errors.ts";
import { requireFile } from "../common/declared_path.ts";
import { atLocationOf, placed } from "../common/source_location.ts";
import type { Dataset, SplitView } from "./dataset.ts";
import { withoutEnd } from "./end_tokens.ts";
import { createRandom } from "./random.ts";
import type { RawRow } from "./raw_row.ts";
import type { Row } from "./row.ts";
import type { ChatReading } from "./source_kind.ts";
import { requireSingleBraces, sameForAll } from "./template_use.ts";
import { filesOf, kindOf, sourceOf } from "./source_kinds.ts";

/**
 * Reads a dataset's rows, in the source's order. A source is read up to the last row that the views can leave, and
 * every line read must be a record, but only the rows that are left have to fit the templates.
 *
 * @param dataset A source and its views.
 * @param base The folder that relative paths count from.
 * @param reading How conversations are read, which only they need, and the tokens that end an answer.
 * @throws {RequestError} If a file, a line, a template or a view is wrong, a row lacks a field that a template names,
 * a completion or label is empty, a conversation or its template is not sound, or no row is left.
 */
export async function loadRows(dataset: Dataset, base: string, reading?: ChatReading): Promise<Row[]> {
  const source = sourceOf(dataset), kind = kindOf(source);
  await atLocationOf(source, async () => {
    for (const { path } of filesOf(source)) await requireFile(base, path);
  });
  const read = await kind.rowReader(source, base, reading);
  const wanted = wantedOf(dataset, Infinity) || Infinity;
  const all = await kind.readRecords(source, base, wanted);
  const file = all[0]?.place.file ?? source.kind;
  const note = (of: Dataset, says: string) => reading?.warn?.(placed(of, says));
  const rows = select(dataset, all, file, all.length < wanted ? note : () => {});
  if (rows.length === 0) {
    throw new RequestError(
      `no row is left of the ${all.length} of ${file} after ${
        describeViews(dataset)
      }; give it more rows or ask for fewer`,
    );
  }
  if ("template" in source && typeof source.template === "object") {
    requireSingleBraces(source.template, rows[0]!.fields);
    const says = rows.length > 1 ? sameForAll(source.template) : undefined;
    if (says !== undefined) note(source, says);
  }
  const ends = reading?.ends ?? [];
  return rows.map((record) => {
    const row = read(record), found = row.kind === "completion" ? withoutEnd(row.completion, ends) : undefined;
    return found === undefined ? row : { ...row, completion: found.text, end: found.end };
  });
}

/** Takes what to say of a data set. */
type Note = (of: Dataset, says: string) => void;

/** The rows that a dataset's views leave of its source's. */
function select(dataset: Dataset, all: readonly RawRow[], file: string, note: Note): readonly RawRow[] {
  if (!("of" in dataset)) return all;
  switch (dataset.kind) {
    case "take": {
      const rows = select(dataset.of, all, file, note), count = checkCount(dataset.kind, dataset.count);
      if (count > rows.length) note(dataset, `take(${count}) takes all ${rows.length} rows, since there are no more`);
      return rows.slice(0, count);
    }
    case "skip":
      return select(dataset.of, all, file, note).slice(checkCount(dataset.kind, dataset.count));
    case "split": {
      const rows = select(dataset.of, all, file, note);
      const test = testRows(dataset, rows.length, file);
      return rows.filter((_, index) => test.has(index) === (dataset.part === "test"));
    }
  }
}

/** How many of its source's rows a dataset needs for its own first ones. */
function wantedOf(dataset: Dataset, first: number): number {
  if (!("of" in dataset)) return first;
  switch (dataset.kind) {
    case "take":
      return wantedOf(dataset.of, Math.min(first, checkCount(dataset.kind, dataset.count)));
    case "skip":
      return wantedOf(dataset.of, first + checkCount(dataset.kind, dataset.count));
    case "split":
      return wantedOf(dataset.of, Infinity);
  }
}

/** Which of `count` rows are for testing. */
function testRows({ test, seed }: SplitView, count: number, file: string): ReadonlySet<number> {
  const isShare = test > 0 && test < 1;
  if (!isShare && !(Number.isSafeInteger(test) && test >= 1)) {
    throw new RequestError(
      `expected split's test to be a share between 0 and 1 or a whole number of rows but found ${test}; correct it, as in 0.25`,
    );
  }
  if (!Number.isSafeInteger(seed)) {
    throw new RequestError(`expected split's seed to be a whole number but found ${seed}; correct it, as in 7`);
  }
  const size = isShare ? Math.max(1, Math.round(test * count)) : test;
  if (size >= count) {
    throw new RequestError(
      `split({ test: ${test} }) of the ${count} rows of ${file} leaves none to train on; give it more rows or a smaller test`,
    );
  }
  const order = createRandom(seed, "split").shuffle(Array.from({ length: count }, (_, index) => index));
  return new Set(order.slice(0, size));
}

function checkCount(view: string, count: number): number {
  if (Number.isSafeInteger(count) && count >= 0) return count;
  throw new RequestError(
    `expected ${view}'s count to be a whole number of rows but found ${count}; correct it, as in .${view}(100)`,
  );
}

/** As a pipeline file has them: `.skip(10).take(5)`. */
function describeViews(dataset: Dataset): string {
  if (!("of" in dataset)) return "";
  switch (dataset.kind) {
    case "take":
    case "skip":
      return `${describeViews(dataset.of)}.${dataset.kind}(${dataset.count})`;
    case "split":
      return `${describeViews(dataset.of)}.split({ test: ${dataset.test} }).${dataset.part}`;
  }
}
