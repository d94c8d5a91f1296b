/** Promises that a pipeline's functions return where a plain value is needed. @module */

/**
 * Whether a value is a promise although none is needed. What it fails with is then of no interest: unhandled, it would
 * end the process with a stack trace before the message about the promise itself is shown.
 */
export function isUnwantedPromise(value: unknown): value is Promise<unknown> {
  if (!(value instanceof Promise)) return false;
  value.catch(() => {});
  return true;
}
