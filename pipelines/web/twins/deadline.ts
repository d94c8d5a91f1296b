/** Work that may take too long, in the place of `common/deadline.ts`: a tab can't be ended in the middle, and is closed. @module */
import type { RequestError } from "../../common/errors.ts";

/** Does it. */
export function inTime<Result>(_units: number, _late: (seconds: number) => RequestError, act: () => Result): Result {
  return act();
}
