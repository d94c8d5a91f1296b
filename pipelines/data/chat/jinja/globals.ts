/** The functions that transformers' templates can call. @module */
import { spend } from "../../python/budget.ts";
import { bound } from "../../python/call.ts";
import { str } from "../../python/print.ts";
import { isDict, Namespace, type PythonFunction, type PythonValue, PythonView, typeName } from "../../python/value.ts";
import { strftime } from "./strftime.ts";

/** What a template raises with `raise_exception`. */
class RaisedError extends Error {}

function range({ positional }: Parameters<PythonFunction>[0]): PythonValue {
  const [start = 0n, stop, step = 1n] = positional.length === 1 ? [0n, ...positional] : positional;
  if (typeof start !== "bigint" || typeof stop !== "bigint" || typeof step !== "bigint") {
    throw new TypeError("range takes whole numbers");
  }
  if (step === 0n) throw new TypeError("range's step must not be 0");
  const length = Number((stop - start + step - (step > 0n ? 1n : -1n)) / step);
  if (length > 100_000) throw new RangeError("range has more than 100000 items, which transformers forbids");
  spend(Math.max(0, length));
  const items = Array.from({ length: Math.max(0, length) }, (_, at) => start + step * BigInt(at));
  return new PythonView(items, "range", `range(${start}, ${stop}${step === 1n ? "" : `, ${step}`})`);
}

/** The entries of a dict, if given, and those passed by name. */
function entries({ positional: [from], named }: Parameters<PythonFunction>[0]): Map<PythonValue, PythonValue> {
  if (from !== undefined && !isDict(from)) {
    throw new TypeError(`a dict is made of a dict, not of type ${typeName(from)}`);
  }
  return new Map<PythonValue, PythonValue>([...(from ?? []), ...named]);
}

/** Names that every template knows. */
export const globals: readonly (readonly [string, PythonValue])[] = [
  ["range", range],
  ["dict", entries],
  ["namespace", (passed) => new Namespace(new Map([...entries(passed)].map(([name, value]) => [str(name), value])))],
  ["joiner", (passed) => {
    const [separator = ", "] = bound(["sep"], passed);
    let isUsed = false;
    return () => {
      const between = isUsed ? separator : "";
      isUsed = true;
      return between;
    };
  }],
  ["raise_exception", (passed) => {
    throw new RaisedError(str(bound(["message"], passed)[0]));
  }],
  ["strftime_now", (passed) => strftime(new Date(), str(bound(["format"], passed)[0]))],
];
