/** Work with a deadline, replacing `common/deadline.ts`: a tab cannot be interrupted, only closed. @module */
import type { RequestError } from "../../common/errors.ts";

/** Runs it. */
export function inTime<Result>(_units: number, _late: (seconds: number) => RequestError, act: () => Result): Result {
  return act();
}
