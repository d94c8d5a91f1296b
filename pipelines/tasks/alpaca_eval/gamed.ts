/** AlpacaEval's `df_gamed.csv`: comparisons with two baselines that game a judge by length, and how hard instructions are. @module */
import { ownValue } from "../../../ops/program/own_value.ts";
import { RequestError } from "../../common/errors.ts";
import { quote } from "../../common/suggest.ts";
import { csv } from "../../data/files/csv.ts";
import type { RawRow } from "../../data/files/raw_row.ts";
import type { Gamed } from "./length_controlled.ts";

/** What the file has. */
export interface GamedBaselines {
  readonly comparisons: readonly Gamed[];
  /** By the instruction's number. */
  readonly difficulties: Readonly<Record<number, number>>;
}

const columns = ["preference", "index", "instruction_difficulty", "std_delta_len"] as const;

/**
 * Reads the file.
 *
 * @param base What a relative path starts from.
 * @throws {RequestError} If it can't be read, lacks a column, or has something else than a number in one.
 */
export async function readGamed(path: string, base: string): Promise<GamedBaselines> {
  const comparisons: Gamed[] = [], difficulties: Record<number, number> = {};
  for await (const row of csv.records({ kind: "csv", path }, { base })) {
    const [preference, index, difficulty, lengthDifference] = columns.map((name) => numberIn(row, name));
    comparisons.push({ preference: preference!, difficulty: difficulty!, lengthDifference: lengthDifference! });
    // Of an instruction's rows the first counts.
    difficulties[index!] ??= difficulty!;
  }
  return { comparisons, difficulties };
}

function numberIn({ fields, place }: RawRow, name: string): number {
  const value = ownValue(fields, name), number = typeof value === "string" && value !== "" ? Number(value) : NaN;
  if (!Number.isNaN(number)) return number;
  const found = value === undefined ? "is missing" : `is ${quote(String(value))}, which is no number`;
  throw new RequestError(
    `the row's ${quote(name)} ${found}; take df_gamed.csv of tatsu-lab/alpaca_eval, which has ${columns.join(", ")}`,
    place,
  );
}
