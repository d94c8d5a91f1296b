/**
 * Python's `strip`, `lstrip` and `rstrip` with the characters to strip, which the library's take for white space: calls of
 * them in a template's syntax tree become calls of the functions here.
 *
 * @module
 */

/** A node of the library's syntax tree. */
interface Node {
  readonly type: string;
  readonly [part: string]: unknown;
}

const sides: Readonly<Record<string, readonly [left: boolean, right: boolean]>> = {
  strip: [true, true],
  lstrip: [true, false],
  rstrip: [false, true],
};

const nameOf = (method: string) => `stripped by ${method}`;

function strip(text: unknown, characters: unknown, [left, right]: readonly [boolean, boolean]): string {
  const kept = Array.from(String(text)), isStripped = (character = "") => String(characters).includes(character);
  while (left && kept.length > 0 && isStripped(kept[0])) kept.shift();
  while (right && kept.length > 0 && isStripped(kept.at(-1))) kept.pop();
  return kept.join("");
}

/** The functions, by names that no template can write. */
export const strippers: Readonly<Record<string, (text: unknown, characters: unknown) => string>> = Object.fromEntries(
  Object.entries(sides).map(([method, ends]) => [nameOf(method), (text, characters) => strip(text, characters, ends)]),
);

/** Changes a syntax tree in place. */
export function withStrippers(tree: object): void {
  for (const part of Object.values(tree)) {
    if (typeof part !== "object" || part === null) continue;
    withStrippers(part);
    if (isNode(part) && part.type === "CallExpression") replaceCall(part);
  }
}

function replaceCall(call: Node): void {
  const { callee, args } = call;
  if (!isNode(callee) || callee.type !== "MemberExpression" || callee["computed"] === true) return;
  const { object, property } = callee;
  if (!isNode(property) || !Array.isArray(args) || args.length !== 1) return;
  const method = property["value"];
  if (typeof method !== "string" || !Object.hasOwn(sides, method)) return;
  Object.assign(call, { callee: { type: "Identifier", value: nameOf(method) }, args: [object, ...args] });
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}
