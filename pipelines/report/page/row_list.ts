/** Which rows were answered correctly, by whom, and which of them the reader wants to see. @module */
import type { AnswersView, RowsView } from "../report_view.ts";
import type { RowFilter } from "./choices.ts";
import { ownValue } from "../../../ops/program/own_value.ts";

/** What a model answered for a row. */
export interface Answer {
  readonly name: string;
  readonly text: string | undefined;
  /** The row's contribution to the metric. */
  readonly value: number | undefined;
  /** Unknown if nothing says what is right. */
  readonly isRight: boolean | undefined;
}

/** A row with the answers of a member and of the untrained model. */
export interface ListedRow {
  readonly prompt: string;
  readonly completion: string;
  readonly tuned: Answer;
  readonly base: Answer | undefined;
}

/** The rows of an evaluation as a member answered them. */
export function listedRows(
  { rows, answers }: RowsView,
  { member, metric, lowerIsBetter }: {
    readonly member: string | undefined;
    readonly metric: string;
    readonly lowerIsBetter: boolean;
  },
): ListedRow[] {
  const base = answers.find(({ isBase }) => isBase), members = answers.filter(({ isBase }) => !isBase);
  const tuned = members.find(({ name }) => name === member) ?? members[0];
  if (tuned === undefined) return [];
  return rows.map(({ prompt, completion, taught }, at) => {
    const right = [completion, taught].flatMap((text) => text === undefined ? [] : [text.trim()]);
    const of = (answers: AnswersView) => answerOf(answers, at, right, metric, lowerIsBetter);
    return { prompt, completion, tuned: of(tuned), base: base && of(base) };
  });
}

function answerOf(
  { name, texts, values }: AnswersView,
  at: number,
  right: readonly string[],
  metric: string,
  lowerIsBetter: boolean,
): Answer {
  const found = ownValue(values, metric), value = found?.[at], text = texts[at] ?? undefined;
  // A metric with only 0 and 1 itself says what is right.
  const isShare = found !== undefined && !lowerIsBetter && found.every((each) => each === 0 || each === 1);
  const isRight = isShare ? value === 1 : text === undefined ? undefined : right.includes(text.trim());
  return { name, text, value, isRight };
}

/** The rows that the reader wants to see: by a filter, and with a text in any part of them. */
export function filteredRows(
  rows: readonly ListedRow[],
  filter: RowFilter,
  search: string,
  lowerIsBetter: boolean,
): ListedRow[] {
  const wanted = search.trim().toLowerCase();
  const gain = ({ tuned, base }: ListedRow) => {
    const by = tuned.isRight !== undefined && base?.isRight !== undefined
      ? Number(tuned.isRight) - Number(base.isRight)
      : (tuned.value ?? NaN) - (base?.value ?? NaN);
    return tuned.isRight === undefined && lowerIsBetter ? -by : by;
  };
  const holds: Readonly<Record<RowFilter, (row: ListedRow) => boolean>> = {
    all: () => true,
    wrong: ({ tuned }) => tuned.isRight === false,
    differ: ({ tuned, base }) =>
      base !== undefined && (tuned.text?.trim() !== base.text?.trim() || tuned.value !== base.value),
    better: (row) => gain(row) > 0,
    worse: (row) => gain(row) < 0,
  };
  return rows.filter(holds[filter]).filter(({ prompt, completion, tuned, base }) => {
    return [prompt, completion, tuned.text, base?.text].some((text) => text?.toLowerCase().includes(wanted) ?? false);
  });
}

/** How the rows of a class were answered. */
export interface ClassLine {
  readonly name: string;
  readonly count: number;
  readonly tuned: number;
  readonly base: number | undefined;
  /** The most frequent wrong answer, and how often it occurred. */
  readonly mistake: string;
}

/** The maximum number of classes listed, and the minimum average number of rows per class. */
const mostClasses = 40, rowsOfClass = 2;

/** The classes of rows with few different completions; none if each row has its own. */
export function classesOf(rows: readonly ListedRow[]): ClassLine[] {
  const groups = new Map<string, ListedRow[]>();
  for (const row of rows) {
    const name = row.completion.trim();
    groups.set(name, [...groups.get(name) ?? [], row]);
    if (groups.size > mostClasses) return [];
  }
  const areKnown = rows.every(({ tuned }) => tuned.isRight !== undefined);
  if (!areKnown || groups.size < 2 || rows.length < rowsOfClass * groups.size) return [];
  return [...groups].map(([name, same]) => {
    const wrong = new Map<string, number>();
    for (const { tuned: { isRight, text = "" } } of same) {
      if (!isRight) wrong.set(text.trim(), (wrong.get(text.trim()) ?? 0) + 1);
    }
    const [mistake] = [...wrong].sort(([, a], [, b]) => b - a);
    const rightOf = (key: "tuned" | "base") => same.filter((row) => row[key]?.isRight).length;
    return {
      name,
      count: same.length,
      tuned: rightOf("tuned"),
      base: same[0]?.base === undefined ? undefined : rightOf("base"),
      mistake: mistake === undefined ? "" : `${mistake[0] || "(nothing)"} × ${mistake[1]}`,
    };
  }).sort((a, b) => a.name.localeCompare(b.name, "en", { numeric: true }));
}
