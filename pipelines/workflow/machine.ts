/** What of this machine and this copy of Refract units must have in common. @module */
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
 * Requires that a unit finds what other machines computed, before any work.
 *
 * @param warn Takes what may make a difference in the last digits.
 * @throws {RequestError} If its keys would be others.
 */
export function requireSameVersions({ versions, processor }: WorkPlan, warn: (note: string) => void): void {
  const own = ownVersions(), remedy = "use the same copy everywhere, or write the workflow again with this one";
  if (own.runtime !== versions.runtime) {
    throw new RequestError(`the plan is for ${versions.runtime}, and this machine has ${own.runtime}; ${remedy}`);
  }
  if (own.refract !== versions.refract) {
    throw new RequestError(`the plan was made by another version of Refract than this machine has; ${remedy}`);
  }
  const here = processorName(), known = [here, processor].every((name) => name !== Deno.build.arch);
  if (known && here !== processor) {
    warn(`this machine's processor is ${here}, the plan was made on ${processor}: last digits may differ`);
  }
}
