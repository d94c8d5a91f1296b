/** What this machine and this copy of Refract must have in common with the others. @module */
import { RequestError } from "../common/errors.ts";
import { processorName } from "../doctor/machine.ts";
import { compilerVersion } from "../schedule/context/compiler_version.ts";
import { runtimeVersion } from "../schedule/context/run_context.ts";
import type { Versions, WorkPlan } from "./work_plan.ts";

/** This copy's versions. */
export function ownVersions(): Versions {
  return { refract: compilerVersion(), runtime: runtimeVersion };
}

/**
 * Requires that a unit can find what other machines computed, before any work.
 *
 * @param warn Receives a note on differences that may change the last digits.
 * @throws {RequestError} If its keys would be different.
 */
export function requireSameVersions(
  { versions, processor }: Pick<WorkPlan, "versions" | "processor">,
  warn: (note: string) => void,
): void {
  const own = ownVersions(), remedy = "use the same copy everywhere, or write the workflow again with this one";
  if (own.runtime !== versions.runtime) {
    throw new RequestError(`the plan is for ${versions.runtime}, but this machine has ${own.runtime}; ${remedy}`);
  }
  if (own.refract !== versions.refract) {
    throw new RequestError(`the plan was made by a different version of Refract than this machine has; ${remedy}`);
  }
  const here = processorName(), known = [here, processor].every((name) => name !== Deno.build.arch);
  if (known && here !== processor) {
    warn(`this machine's processor is ${here}, but the plan was made on ${processor}: last digits may differ`);
  }
}
