/** Calling a declared metric's functions. @module */
import { isUnwantedPromise } from "../common/unwanted_promise.ts";
import { formatLocation, RequestError } from "../common/errors.ts";
import { readOnlyCopy } from "../common/plain_copy.ts";
import type { MeasuredRow } from "./prediction.ts";

/**
 * Calls a pipeline's function for a row, of which it gets a copy: other metrics read the same row.
 *
 * @param what The function and its metric.
 * @throws {RequestError} If it throws, as it does if it changes the copy; the message has the row's place.
 */
export function calledFor<T>(what: string, row: MeasuredRow, call: (row: MeasuredRow) => T): T {
  return called(`${what} failed at ${formatLocation(row.place)}`, () => call(readOnlyCopy(row)));
}

/** Like {@linkcode calledFor}, but for all rows. */
export function called<T>(failed: string, call: () => T): T {
  try {
    return call();
  } catch (fault) {
    const text = (fault instanceof Error ? fault.message : String(fault)).replaceAll(/\s+/g, " ");
    throw new RequestError(`${failed} (${text}); correct it`);
  }
}

/** How a message shows a function's invalid result. */
export function shownValue(value: unknown): string {
  if (isUnwantedPromise(value)) return "a promise, which async functions return,";
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "a list" : "an object";
  return typeof value === "string" ? `the text ${JSON.stringify(value.slice(0, 60))}` : String(value);
}
