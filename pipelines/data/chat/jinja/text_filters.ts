/** Jinja's filters for texts; other values are printed first. @module */
import { escapeHtml } from "../../python/arithmetic.ts";
import { spendText } from "../../python/budget.ts";
import { type Method, taking } from "../../python/call.ts";
import { isTrue } from "../../python/compare.ts";
import { formatted } from "../../python/percent.ts";
import { str } from "../../python/print.ts";
import { splitLines, strip } from "../../python/split.ts";
import { capitalize, optionalCount, optionalText, replace, textOf } from "../../python/text_methods.ts";
import { PythonTuple, type PythonValue, SafeText } from "../../python/value.ts";

const ofText = (change: (text: string) => PythonValue) => taking([], (value) => change(str(value)));

const escape = ofText((text) => new SafeText(escapeHtml(text)));

export const textFilters: readonly (readonly [string, Method])[] = [
  ["string", ofText((text) => text)],
  ["safe", ofText((text) => new SafeText(text))],
  ["escape", escape],
  ["e", escape],
  ["upper", ofText((text) => text.toUpperCase())],
  ["lower", ofText((text) => text.toLowerCase())],
  ["capitalize", ofText(capitalize)],
  ["title", ofText((text) => text.split(/([-\s({[<]+)/u).map(capitalize).join(""))],
  ["wordcount", ofText((text) => BigInt(text.match(/[\p{L}\p{N}_]+/gu)?.length ?? 0))],
  ["trim", taking(["chars"], (value, characters) => strip(str(value), "both", optionalText(characters)))],
  [
    "replace",
    taking(["old", "new", "count"], (value, part, other, count) => {
      return replace(str(value), str(part), str(other), optionalCount(count));
    }),
  ],
  ["format", (value, { positional, named }) => {
    return formatted(str(value), named.size > 0 ? new Map(named) : new PythonTuple(positional));
  }],
  [
    "indent",
    taking(["width", "first", "blank"], (value, width = 4n, first, blank) => {
      if (typeof width === "bigint") spendText(Math.max(0, Number(width)));
      const indention = typeof width === "bigint" ? " ".repeat(Number(width)) : textOf(width);
      const [line = "", ...lines] = splitLines(`${str(value)}\n`);
      spendText(lines.length * indention.length);
      const indented = lines.map((line) => line === "" && !isTrue(blank) ? line : indention + line);
      return [isTrue(first) ? indention + line : line, ...indented].join("\n");
    }),
  ],
];
