/** Numbers as Python's `float` and `\d` read them: in the decimal digits of any script. @module */
import { wideSpaces } from "./split.ts";

const decimal = /^\p{Nd}$/u, decimals = /\p{Nd}/gu, plainNumber = /-?\p{Nd}+\.?\p{Nd}*/gu;

/** A text with the decimal digits of all scripts replaced by ASCII digits. */
function asciiDigits(text: string): string {
  return text.replace(decimals, digitValue);
}

/** The value of a decimal digit: Unicode has them in order, ten per script, each beginning with zero. */
function digitValue(character: string): string {
  if (character < "\x80") return character;
  const code = character.codePointAt(0)!;
  let before = 0;
  while (decimal.test(String.fromCodePoint(code - before - 1))) before++;
  return String(before % 10);
}

// `float` turns white space beyond ASCII into blanks, and then strips what C counts as white space: U+001C to U+001F,
// which `str.strip` strips too, stay.
const spaces = `\\t-\\r ${wideSpaces}`;
const atStart = new RegExp(`^[${spaces}]+`, "u"), atEnd = new RegExp(`[${spaces}]+$`, "u");

const digits = "[0-9](?:_?[0-9])*";
const finite = new RegExp(`^[-+]?(?:${digits}\\.?(?:${digits})?|\\.${digits})(?:[eE][-+]?${digits})?$`);
const named = /^([-+]?)(inf|infinity|nan)$/i;

/** The number that Python's `float` returns for a text; `undefined` where it raises a ValueError. */
export function floatOf(text: string): number | undefined {
  const written = asciiDigits(text.replace(atStart, "").replace(atEnd, ""));
  if (finite.test(written)) return Number(written.replaceAll("_", ""));
  const [, sign, name] = named.exec(written) ?? [];
  if (name === undefined) return undefined;
  return name.toLowerCase() === "nan" ? NaN : sign === "-" ? -Infinity : Infinity;
}

/**
 * The last match of `-?\d+\.?\d*` in a text without its commas, as pyreft and LLM-Adapters read the number of an
 * answer; `undefined` if there is none.
 */
export function lastNumber(text: string): number | undefined {
  const found = text.replaceAll(",", "").match(plainNumber)?.at(-1);
  return found === undefined ? undefined : Number(asciiDigits(found));
}
