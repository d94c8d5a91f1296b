/** Programs that a model wrote, run against their problems' tests. @module */
import { ownValue } from "../../ops/program/own_value.ts";
import { RequestError, type SourceLocation } from "../common/errors.ts";
import { quote } from "../common/suggest.ts";
import type { Sandbox } from "./sandbox/sandbox.ts";
import type { ProgramVerdict } from "./sandbox/verdict.ts";
import type { Fields } from "../data/files/raw_row.ts";
import type { CodeTask } from "./task.ts";

/** A problem with what a model wrote, and where it stands. */
export interface WrittenProgram {
  readonly problem: Fields;
  readonly generation: string;
  readonly place: SourceLocation;
}

/** Interpreters that work at once; each takes a core. */
const most = 8;

/**
 * What running each program comes to, in their order.
 *
 * @throws {RequestError} If a problem lacks what its tests are made of, which is noticed before any program runs.
 */
export async function runPrograms(
  task: CodeTask,
  written: readonly WrittenProgram[],
  { run }: Sandbox,
): Promise<ProgramVerdict[]> {
  const programs = written.map(({ problem, generation, place }) => {
    checkProblem(task, problem, place);
    return task.program(problem, generation);
  });
  const verdicts: ProgramVerdict[] = new Array(programs.length), open = programs.entries();
  async function work(): Promise<void> {
    for (const [at, program] of open) verdicts[at] = await run(program);
  }
  await Promise.all(Array.from({ length: Math.min(most, navigator.hardwareConcurrency, programs.length) }, work));
  return verdicts;
}

/** What a field has to hold. */
const fieldChecks = {
  text: { holds: (value: unknown) => typeof value === "string", what: "a text" },
  texts: {
    holds: (value: unknown) => Array.isArray(value) && value.every((each) => typeof each === "string"),
    what: "a list of texts",
  },
} as const;

function checkProblem(task: CodeTask, problem: Fields, place: SourceLocation): void {
  for (const [name, kind] of Object.entries(task.tests)) {
    const { holds, what } = fieldChecks[kind];
    if (!holds(ownValue(problem, name))) {
      throw new RequestError(
        `the problem's field ${quote(name)} is ${Object.hasOwn(problem, name) ? `not ${what}` : "missing"}; ` +
          `the tests are made of it, so give ${what}`,
        place,
      );
    }
  }
  const fault = task.fault?.(problem);
  if (fault !== undefined) throw new RequestError(fault, place);
}
