/** Jinja's filters that return numbers. @module */
import { type Method, taking } from "../../python/call.ts";
import { asNumber } from "../../python/compare.ts";
import { strip } from "../../python/split.ts";
import { type PythonValue, typeName } from "../../python/value.ts";

const wholeNumber = /^[-+]?\d+(?:_\d+)*$/, float = /^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i;

function toInt(value: PythonValue): bigint | undefined {
  const number = asNumber(value);
  if (typeof number === "bigint") return number;
  if (number !== undefined) return Number.isFinite(number) ? BigInt(Math.trunc(number)) : undefined;
  if (typeof value !== "string") return undefined;
  const text = strip(value);
  if (wholeNumber.test(text)) return BigInt(text.replace(/^\+|_/g, ""));
  return float.test(text) ? BigInt(Math.trunc(Number(text))) : undefined;
}

function toFloat(value: PythonValue): number | undefined {
  const number = asNumber(value);
  if (number !== undefined) return Number(number);
  const text = typeof value === "string" ? strip(value) : "";
  return float.test(text) ? Number(text) : undefined;
}

/** Rounds to a number of digits, half to even. */
function round(value: number, digits: number): number {
  const scaled = value * 10 ** digits, below = Math.floor(scaled);
  if (scaled - below !== 0.5) return Number(value.toFixed(Math.max(0, digits)));
  return (below % 2 === 0 ? below : below + 1) / 10 ** digits;
}

export const numberFilters: readonly (readonly [string, Method])[] = [
  ["int", taking(["default"], (value, usual = 0n) => toInt(value) ?? usual)],
  ["float", taking(["default"], (value, usual = 0) => toFloat(value) ?? usual)],
  [
    "abs",
    taking([], (value) => {
      const number = asNumber(value);
      if (number === undefined) throw new TypeError(`a value of type ${typeName(value)} has no absolute value`);
      return typeof number === "number" ? Math.abs(number) : number < 0n ? -number : number;
    }),
  ],
  [
    "round",
    taking(["precision", "method"], (value, precision = 0n, method = "common") => {
      const number = asNumber(value), digits = Number(precision);
      if (number === undefined) throw new TypeError(`a value of type ${typeName(value)} can't be rounded`);
      if (method === "common") {
        return typeof number === "bigint" && digits >= 0 ? number : round(Number(number), digits);
      }
      const scale = 10 ** digits, scaled = Number(number) * scale;
      return (method === "ceil" ? Math.ceil(scaled) : Math.floor(scaled)) / scale;
    }),
  ],
];
