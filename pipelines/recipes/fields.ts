/**
 * Reads the values of a recipe's keys; each error has its location.
 *
 * @module
 */
import { RequestError, type SourceLocation } from "../common/errors.ts";
import { quote, suggest } from "../common/suggest.ts";
import type { Scalar } from "./overrides.ts";
import type { YamlEntry, YamlMapping, YamlNode } from "../common/yaml.ts";

/** A node's description, for an error. */
function show(node: YamlNode): string {
  if (node.kind !== "scalar") return node.kind === "list" ? "a list" : "a mapping";
  if (node.value === null) return "empty";
  return typeof node.value === "string" ? quote(node.value) : String(node.value);
}

/** The error that something is not what it must be. */
export function wrong(what: string, node: YamlNode, expected: string): RequestError {
  return new RequestError(`${what} is ${show(node)}; give ${expected}`, node.location);
}

/** A mapping. */
export function mappingOf(what: string, node: YamlNode, expected: string): YamlMapping {
  if (node.kind !== "mapping") throw wrong(what, node, expected);
  return node;
}

/** A text that is not empty. */
export function textOf(what: string, node: YamlNode, expected: string): string {
  if (node.kind !== "scalar" || typeof node.value !== "string" || node.value.trim() === "") {
    throw wrong(what, node, expected);
  }
  return node.value;
}

/** A text, a number, true or false. */
export function scalarOf(what: string, node: YamlNode, expected: string): Scalar {
  if (node.kind !== "scalar" || node.value === null) throw wrong(what, node, expected);
  return node.value;
}

/** The values of the keys that a mapping may have. */
export class Fields {
  readonly location: SourceLocation;
  readonly #entries: ReadonlyMap<string, YamlEntry>;

  /**
   * @param what What has the keys, for errors.
   * @throws {RequestError} If the mapping has any other key.
   */
  constructor(what: string, { entries, location }: YamlMapping, keys: readonly string[]) {
    for (const { key, location } of entries) {
      if (!keys.includes(key)) {
        throw new RequestError(`${what} has no key ${quote(key)}; ${suggest(key, keys)}`, location);
      }
    }
    this.location = location;
    this.#entries = new Map(entries.map((entry) => [entry.key, entry]));
  }

  /** The value that `read` returns for a key; `undefined` if the key is absent. */
  read<T>(key: string, read: (value: YamlNode) => T): T | undefined {
    const entry = this.#entries.get(key);
    return entry === undefined ? undefined : read(entry.value);
  }
}
