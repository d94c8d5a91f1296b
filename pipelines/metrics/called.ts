/** Calling the functions of a metric that a pipeline declares. @module */
import { formatLocation, RequestError } from "../common/errors.ts";
import type { MeasuredRow } from "./prediction.ts";

/**
 * What a function of a pipeline gives for a row.
 *
 * @param what The function and its metric.
 * @throws {RequestError} If it fails, with the row's place.
 */
export function calledFor<T>(what: string, { place }: MeasuredRow, call: () => T): T {
  return called(`${what} failed at ${formatLocation(place)}`, call);
}

/** As {@linkcode calledFor}, of all rows. */
export function called<T>(failed: string, call: () => T): T {
  try {
    return call();
  } catch (fault) {
    const text = (fault instanceof Error ? fault.message : String(fault)).replaceAll(/\s+/g, " ");
    throw new RequestError(`${failed} (${text}); correct it`);
  }
}

/** How a message shows what a function gave in place of what it has to. */
export function shownValue(value: unknown): string {
  if (value instanceof Promise) return "a promise, as async functions do";
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "a list" : "an object";
  return typeof value === "string" ? `the text ${JSON.stringify(value.slice(0, 60))}` : String(value);
}
