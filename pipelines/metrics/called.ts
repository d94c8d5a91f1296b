/** Calling a declared metric's functions. @module */
import { formatLocation, RequestError } from "../common/errors.ts";
import type { MeasuredRow } from "./prediction.ts";

/**
 * Calls a pipeline's function for a row.
 *
 * @param what The function and its metric.
 * @throws {RequestError} If it throws; the message has the row's place.
 */
export function calledFor<T>(what: string, { place }: MeasuredRow, call: () => T): T {
  return called(`${what} failed at ${formatLocation(place)}`, call);
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
  if (value instanceof Promise) return "a promise, which async functions return";
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "a list" : "an object";
  return typeof value === "string" ? `the text ${JSON.stringify(value.slice(0, 60))}` : String(value);
}
