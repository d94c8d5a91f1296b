/**
 * Marks of units that failed for good, in the workflow's folder: where an engine does not know which units need others,
 * those that wait for a failed one end too. A retry removes the mark.
 *
 * @module
 */
import { join } from "node:path";
import { ownValue } from "../../ops/program/own_value.ts";
import { isText } from "../common/checks.ts";
import { RequestError, RunError, StoppedError } from "../common/errors.ts";
import { parseJsonObject, readFileIfPresent, writeAtomically } from "../common/files.ts";

/** Why units cannot run. */
export interface UnitFailure {
  /** The unit that failed. */
  readonly unit: string;
  /** Its error. */
  readonly reason: string;
}

/**
 * Whether a unit that ended with an error is not retried: an invalid request stays invalid, and one that was stopped has
 * not failed.
 *
 * @param failures How often it failed before.
 * @param retries How often it is retried.
 */
export function isFinal(error: unknown, failures: number, retries: number): boolean {
  if (error instanceof StoppedError) return false;
  const isKnown = error instanceof RequestError || error instanceof RunError;
  return failures >= retries || (isKnown && error.exitCode === 2);
}

/** Where a unit's mark is. */
const markOf = (folder: string, id: string) => join(folder, "failed", id);

/**
 * Marks a unit as failed.
 *
 * @param id The unit, which may have failed because of another.
 * @param execution The name of this execution of the workflow; another execution ignores the mark.
 */
export async function markFailed(
  folder: string,
  id: string,
  execution: string,
  { unit, reason }: UnitFailure,
): Promise<void> {
  await Deno.mkdir(join(folder, "failed"), { recursive: true });
  const text = `${JSON.stringify({ execution, unit, reason })}\n`;
  await writeAtomically(markOf(folder, id), [new TextEncoder().encode(text)]);
}

/** Removes a unit's mark, if there is one. */
export async function unmarkFailed(folder: string, id: string): Promise<void> {
  await Deno.remove(markOf(folder, id)).catch((fault: unknown) => {
    if (!(fault instanceof Deno.errors.NotFound)) throw fault;
  });
}

/** Why a unit failed in this execution; undefined if it did not, as far as is known. */
export async function failureOf(folder: string, id: string, execution: string): Promise<UnitFailure | undefined> {
  const file = markOf(folder, id), bytes = await readFileIfPresent(file);
  if (bytes === undefined) return undefined;
  const mark = parseJsonObject(bytes, file, "delete it");
  const [unit, reason] = [ownValue(mark, "unit"), ownValue(mark, "reason")];
  return ownValue(mark, "execution") === execution && isText(unit) && isText(reason) ? { unit, reason } : undefined;
}
