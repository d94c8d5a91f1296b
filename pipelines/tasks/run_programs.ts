/** Running generated programs against their problems' tests. @module */
import { ownValue } from "../../ops/program/own_value.ts";
import { RequestError, type SourceLocation } from "../common/errors.ts";
import type { RowList } from "../common/row_list.ts";
import { quote } from "../common/suggest.ts";
import type { Sandbox } from "./sandbox/sandbox.ts";
import type { ProgramVerdict } from "./sandbox/verdict.ts";
import type { Fields } from "../data/files/raw_row.ts";
import type { CodeTask } from "./task.ts";

/** A problem with a generated program, and its place. */
export interface WrittenProgram {
  readonly problem: Fields;
  readonly generation: string;
  readonly place: SourceLocation;
}

/** The maximum number of interpreters that run at once; each uses a core. */
const most = 8;

/**
 * The verdict on each program, in order.
 *
 * @throws {RequestError} If a problem lacks a field that its tests need, before any program runs.
 */
export async function runPrograms(
  task: CodeTask,
  written: readonly WrittenProgram[],
  sandbox: Sandbox,
): Promise<ProgramVerdict[]> {
  const programs = written.map((each) => programOf(task, each)), verdicts: ProgramVerdict[] = [];
  await runAll(programs, sandbox, (_, verdict, at) => void (verdicts[at] = verdict));
  return verdicts;
}

/**
 * The program that tests a generated one.
 *
 * @throws {RequestError} If the problem lacks a field that its tests need.
 */
export function programOf(task: CodeTask, { problem, generation, place }: WrittenProgram): string {
  checkProblem(task, problem, place);
  return task.program(problem, generation);
}

/**
 * Runs programs, several at once; verdicts are reported as they arrive, and after an error no further program is run.
 */
export async function runAll(
  programs: RowList<string>,
  { run }: Sandbox,
  take: (program: string, verdict: ProgramVerdict, at: number) => void | Promise<void>,
): Promise<void> {
  let next = 0, isStopped = false;
  async function work(): Promise<void> {
    try {
      while (next < programs.length && !isStopped) {
        const at = next++, program = programs.at(at)!;
        await take(program, await run(program), at);
      }
    } catch (fault) {
      isStopped = true;
      throw fault;
    }
  }
  const workers = Array.from({ length: Math.min(most, navigator.hardwareConcurrency, programs.length) }, work);
  const failed = (await Promise.allSettled(workers)).find((each) => each.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}

/** The types of fields. */
const fieldChecks = {
  text: { holds: (value: unknown) => typeof value === "string", what: "a text" },
  texts: {
    holds: (value: unknown) => Array.isArray(value) && value.every((each) => typeof each === "string"),
    what: "a list of texts",
  },
} as const;

/**
 * Requires that a problem has the fields that its tests need.
 *
 * @throws {RequestError} If it lacks one of them.
 */
export function checkProblem(task: CodeTask, problem: Fields, place: SourceLocation): void {
  for (const [name, kind] of Object.entries(task.tests)) {
    const { holds, what } = fieldChecks[kind];
    if (!holds(ownValue(problem, name))) {
      throw new RequestError(
        `the problem's field ${quote(name)} is ${Object.hasOwn(problem, name) ? `not ${what}` : "missing"}; ` +
          `the tests need it, so give ${what}`,
        place,
      );
    }
  }
  const fault = task.fault?.(problem);
  if (fault !== undefined) throw new RequestError(fault, place);
}
