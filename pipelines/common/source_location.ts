/**
 * Where the pipeline file declares something. The DSL notes its caller's location on each record that it returns, so
 * that an error found later can name it. The note is not part of the data: it is not enumerated, compared or hashed.
 *
 * @module
 */
import { noteDeclared } from "./declared.ts";
import { formatLocation, RequestError, type SourceLocation } from "./errors.ts";

/** Shared by all copies of Refract in a process: a pipeline file may import its own. */
const note: unique symbol = Symbol.for("refract.place");

/** Notes the location of the caller, outside of Refract, on a record. */
export function located<T extends object>(record: T): T {
  return withLocation(record, callerLocation(new Error().stack ?? ""));
}

/** The same for a record that a pipeline must use. */
export function declared<T extends object>(record: T): T {
  const made = located(record);
  noteDeclared(made);
  return made;
}

/** Copies the note of the original to a copy. */
export function withLocationOf<T extends object>(original: object, copy: T): T {
  return withLocation(copy, locationOf(original));
}

/** Notes a location on a record. */
export function withLocation<T extends object>(record: T, location: SourceLocation | undefined): T {
  return location === undefined ? record : Object.defineProperty(record, note, { value: location });
}

/** The location where a record was declared, if one was noted. */
export function locationOf(record: unknown): SourceLocation | undefined {
  return typeof record === "object" && record !== null && note in record ? record[note] as SourceLocation : undefined;
}

/** A note about a declaration, after its location if one was noted. */
export function placed(declaration: unknown, says: string): string {
  const location = locationOf(declaration);
  return location === undefined ? says : `${formatLocation(location)}: ${says}`;
}

/** Runs something that depends on a declaration; a request error without a location gets the declaration's. */
export function atLocationOf<T>(declaration: unknown, part: () => T): T {
  return atLocation(locationOf(declaration), part);
}

/** Runs something; a request error without a location gets the given one. */
export function atLocation<T>(location: SourceLocation | undefined, part: () => T): T {
  const fail = (error: unknown): never => {
    throw error instanceof RequestError ? error.at(location) : error;
  };
  try {
    const result = part();
    return result instanceof Promise ? result.catch(fail) as T : result;
  } catch (error) {
    return fail(error);
  }
}

const refract = shown(new URL("../", import.meta.url).href);
const frame = /^\s*at (?:.*? \()?((?:file|https?):\/\/.*?):(\d+):(\d+)\)?$/gm;

/** The innermost frame of a stack that belongs to neither Refract nor a package. */
export function callerLocation(stack: string): SourceLocation | undefined {
  for (const [, url = "", line, column] of stack.matchAll(frame)) {
    const file = shown(url);
    if (file.startsWith(refract) || /\/(node_modules|npm\/registry\.[^/]+)\//.test(file)) continue;
    return { file, line: Number(line), column: Number(column) };
  }
  return undefined;
}

/** A module's URL as people know it: a file's path. Deno's stacks already have it unescaped. */
export function shown(url: string): string {
  return url.startsWith("file://") ? unescaped(url.slice("file://".length)).replace(/^\/([A-Za-z]:)/, "$1") : url;
}

function unescaped(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
