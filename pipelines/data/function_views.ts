/** Views that depend on the content of rows: functions in the pipeline, and the values of a field. @module */
import { isUnwantedPromise } from "../common/unwanted_promise.ts";
import { createHash } from "node:crypto";
import { anything, leaf } from "../common/checks.ts";
import { plainCopy, readOnlyCopy } from "../common/plain_copy.ts";
import { RequestError, type SourceLocation } from "../common/errors.ts";
import type { FilterView, MapView, UniqueView } from "./dataset.ts";
import { repr } from "./python/print.ts";
import { fieldOf } from "./template.ts";
import type { ViewKind } from "./view_kind.ts";

const aFunction = leaf("a function", (value) => typeof value === "function");

/** Calls a user's function; an exception becomes a request error. */
function called<T>(view: string, place: SourceLocation, call: () => T): T {
  try {
    return call();
  } catch (fault) {
    if (fault instanceof RequestError) throw fault.at(place);
    const text = (fault instanceof Error ? fault.message : String(fault)).replace(/\s+/g, " ");
    throw new RequestError(`the function of .${view} failed (${text}); correct it`, place).causedBy(fault);
  }
}

/** `.map(function)`. */
export const map: ViewKind<MapView> = {
  reads: "by function",
  settings: (of) => ({ of, with: aFunction }),
  describe: () => ".map(…)",
  rows: ({ kind, with: change }, rows) =>
    async function* (first) {
      let index = 0;
      for await (const { record: { fields: before, place }, source } of rows.read(first)) {
        const at = index++, fields: unknown = called(kind, place, () => change(plainCopy(before), at));
        if (typeof fields !== "object" || fields === null || Array.isArray(fields) || isUnwantedPromise(fields)) {
          throw new RequestError(
            `the function of .map returned ${whatIs(fields)}; return an object of the row's fields`,
            place,
          );
        }
        yield { record: { fields: { ...fields }, place }, source };
      }
    },
};

/** `.filter(function)`. */
export const filter: ViewKind<FilterView> = {
  reads: "by function",
  settings: (of) => ({ of, keep: aFunction }),
  describe: () => ".filter(…)",
  rows: ({ kind, keep }, rows) =>
    async function* () {
      let index = 0;
      for await (const row of rows.read()) {
        const { fields, place } = row.record, at = index++;
        const isKept: unknown = called(kind, place, () => keep(readOnlyCopy(fields), at));
        if (typeof isKept !== "boolean") {
          throw new RequestError(`the function of .filter returned ${whatIs(isKept)}; return true or false`, place);
        }
        if (isKept) yield row;
      }
    },
};

function whatIs(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  if (isUnwantedPromise(value)) return "a promise, which async functions return";
  return Array.isArray(value) ? "a list" : `a ${typeof value}`;
}

/** `.unique(field)`. */
export const unique: ViewKind<UniqueView> = {
  reads: "as asked",
  settings: (of) => ({ of, field: anything }),
  describe: ({ field }) => `.unique(${JSON.stringify(field)})`,
  rows: ({ field }, rows) =>
    async function* () {
      const seen = new Set<string>();
      for await (const row of rows.read()) {
        const text = repr(fieldOf(row.record, field, ".unique").python());
        // Long texts are stored as digests, because all values are held in memory.
        const key = text.length <= 64 ? text : createHash("sha256").update(text).digest("base64");
        if (seen.has(key)) continue;
        seen.add(key);
        yield row;
      }
    },
};
