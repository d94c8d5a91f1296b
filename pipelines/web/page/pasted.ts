/** A table as spreadsheets put it on the clipboard. @module */

/** A cell, in quotation marks if it contains a tab or a line break, and what ends it. */
const cell = /(?:"((?:[^"]|"")*)"|([^\t\r\n]*))(\t|\r?\n|$)/g;

/** The rows of a pasted table without empty ones; `undefined` if the text has no columns. */
export function pastedRows(text: string): readonly (readonly string[])[] | undefined {
  if (!text.includes("\t")) return undefined;
  const rows: string[][] = [[]];
  for (const [, quoted, plain = "", end] of text.matchAll(cell)) {
    rows.at(-1)!.push(quoted?.replaceAll('""', '"') ?? plain);
    if (end !== "\t") rows.push([]);
  }
  return rows.filter((cells) => cells.some((each) => each !== ""));
}
