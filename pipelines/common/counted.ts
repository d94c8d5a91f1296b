/** Numbers of things, in words. @module */

/** A number of things: `1 row`, `1,200 rows`. */
export function counted(count: number, what: string): string {
  return `${count.toLocaleString("en")} ${what}${count === 1 ? "" : "s"}`;
}
