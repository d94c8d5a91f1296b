/** How `deno task score` scores programs. @module */
import { ownValue } from "../../../ops/program/own_value.ts";
import { RequestError } from "../../common/errors.ts";
import { quote } from "../../common/suggest.ts";
import type { RawRow } from "../../data/files/raw_row.ts";
import { floatRepr } from "../../data/python/print.ts";
import { runPrograms, type WrittenProgram } from "../../tasks/run_programs.ts";
import { sandbox, usualLimits } from "../../tasks/sandbox/sandbox.ts";
import { shownVerdict } from "../../tasks/sandbox/verdict.ts";
import { meanPasses } from "../../tasks/scoring/pass_at_k.ts";
import type { Verdict } from "../../tasks/scoring/scoring.ts";
import type { Fields } from "../../data/files/raw_row.ts";
import type { CodeTask } from "../../tasks/task.ts";

/** The default time limit of a program. */
export const usualSeconds = usualLimits.seconds;

/** Verdicts in the rows' order, and the summary. */
interface ScoredPrograms {
  readonly lines: readonly Verdict[];
  readonly summary: string;
}

/**
 * Runs programs against their problems' tests.
 *
 * @param rows Each with a `generation` and the problem's own fields, or only its id.
 * @param problems Where to find the problems that rows name by id.
 */
export async function scorePrograms(
  task: CodeTask,
  rows: AsyncIterable<RawRow>,
  problems: AsyncIterable<RawRow> | undefined,
  seconds: number,
): Promise<ScoredPrograms> {
  const known = problems && await problemsById(task, problems), written: Named[] = [];
  for await (const row of rows) written.push(writtenIn(task, row, known));
  const verdicts = await runPrograms(task, written, sandbox({ ...usualLimits, seconds }));
  const passed = verdicts.map(({ kind }) => kind === "passed");
  const byProblem = Map.groupBy(passed.keys(), (at) => written[at]!.id);
  const means = meanPasses([...byProblem.values()].map((each) => each.map((at) => passed[at]!)));
  return {
    lines: verdicts.map((verdict, at) => ({ extracted: shownVerdict(verdict), correct: passed[at]! })),
    summary: `${means.map(({ k, mean }) => `pass@${k} ${floatRepr(mean)}`).join(", ")} (${
      passed.filter(Boolean).length
    } of ${passed.length} programs of ${byProblem.size} problems)`,
  };
}

/** A program with its problem's id. */
interface Named extends WrittenProgram {
  readonly id: unknown;
}

async function problemsById(task: CodeTask, rows: AsyncIterable<RawRow>): Promise<ReadonlyMap<unknown, Fields>> {
  const found = new Map<unknown, Fields>();
  for await (const { fields, place } of rows) {
    const id = ownValue(fields, task.id);
    if (id === undefined) throw missing(task.id, "which names the problem", place);
    found.set(id, fields);
  }
  return found;
}

function writtenIn(task: CodeTask, { fields, place }: RawRow, known: ReadonlyMap<unknown, Fields> | undefined): Named {
  const { generation } = fields, id = ownValue(fields, task.id) ?? fields["label"];
  if (typeof generation !== "string") {
    if (generation === undefined) throw missing("generation", "the program that a model wrote", place);
    throw new RequestError(`the field "generation" is not text; write it as a string`, place);
  }
  if (id === undefined) throw missing(task.id, "which names the problem", place);
  if (known === undefined) return { id, problem: fields, generation, place };
  const problem = known.get(id);
  if (problem === undefined) {
    throw new RequestError(`--data has no problem ${quote(String(id))}; correct the row`, place);
  }
  return { id, problem, generation, place };
}

function missing(field: string, what: string, place: RawRow["place"]): RequestError {
  return new RequestError(`the row has no field ${quote(field)}, ${what}; add it`, place);
}
