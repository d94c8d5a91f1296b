/** What `deno task score` makes of comparisons that a judge made elsewhere. @module */
import { ownValue } from "../../../ops/program/own_value.ts";
import { RequestError } from "../../common/errors.ts";
import { quote, suggest } from "../../common/suggest.ts";
import type { RawRow } from "../../data/files/raw_row.ts";
import { floatRepr } from "../../data/python/print.ts";
import type { GamedBaselines } from "../../tasks/alpaca_eval/gamed.ts";
import { leaderboardOf } from "../../tasks/alpaca_eval/leaderboard.ts";
import { instruct } from "../../tasks/instruct.ts";
import type { Verdict } from "../../tasks/scoring/scoring.ts";

/** The rule by whose name comparisons are counted. */
const rule = "alpaca-eval";

/** Verdicts in the rows' order, and what is said of all. */
interface ScoredAnnotations {
  readonly lines: readonly Verdict[];
  readonly summary: string;
}

/**
 * Whether a task's answers are compared by a judge, and nothing is to be read of them alone.
 *
 * @throws {RequestError} If they are, and another rule is named.
 */
export function isCompared(task: string, scoring: string): boolean {
  if (!Object.hasOwn(instruct, task)) return false;
  if (scoring === rule) return true;
  throw new RequestError(`the task ${quote(task)} has no rule ${quote(scoring)}; ${suggest(scoring, [rule])}`);
}

/**
 * Counts comparisons as AlpacaEval's leaderboard does.
 *
 * @param rows Annotations: a `preference` each, and both outputs.
 * @param gamed What the length-controlled win rate is fitted with.
 * @throws {RequestError} If a row is none.
 */
export async function scoreAnnotations(
  rows: AsyncIterable<RawRow>,
  gamed: GamedBaselines | undefined,
): Promise<ScoredAnnotations> {
  const found: Parameters<typeof leaderboardOf>[0][number][] = [];
  for await (const row of rows) found.push(annotationIn(row));
  const board = Object.entries(leaderboardOf(found, gamed));
  return {
    lines: found.map(({ preference }) => ({ extracted: preference ?? NaN, correct: (preference ?? 0) > 1.5 })),
    summary: board.map(([name, value]) => `${name} ${floatRepr(value)}`).join(", "),
  };
}

function annotationIn({ fields, place }: RawRow) {
  const [preference, output_1, output_2] = ["preference", "output_1", "output_2"].map((name) => ownValue(fields, name));
  const isRead = preference === null || preference === 0 ||
    typeof preference === "number" && preference >= 1 && preference <= 2;
  if (isRead && typeof output_1 === "string" && typeof output_2 === "string") return { preference, output_1, output_2 };
  throw new RequestError(
    `the row is no annotation; it takes a preference from 1 to 2, or null, and the texts output_1 and output_2, as ` +
      "alpaca_eval's annotations.json has them",
    place,
  );
}
