/** Texts by node:util's names. @module */

/** A text without what colours a terminal. */
export function stripVTControlCharacters(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/\x1b\[[0-9;]*[A-Za-z]/g, "");
}
