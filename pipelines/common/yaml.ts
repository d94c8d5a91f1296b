/**
 * YAML as a tree of plain records with their locations. The only file that uses the YAML library.
 *
 * @module
 */
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parse,
  parseAllDocuments,
  type ParsedNode,
  stringify,
} from "yaml";
import { RequestError, type SourceLocation } from "./errors.ts";
import { quote } from "./suggest.ts";

/** The value of a scalar. */
type ScalarValue = string | number | boolean | null;

/** A string, a number, true, false or null. */
interface YamlScalar {
  readonly kind: "scalar";
  readonly location: SourceLocation;
  readonly value: ScalarValue;
}

/** A list. */
interface YamlList {
  readonly kind: "list";
  readonly location: SourceLocation;
  readonly items: readonly YamlNode[];
}

/** A key and its value. */
export interface YamlEntry {
  readonly key: string;
  /** The key's. */
  readonly location: SourceLocation;
  readonly value: YamlNode;
}

/** Keys and their values, in the file's order. */
export interface YamlMapping {
  readonly kind: "mapping";
  readonly location: SourceLocation;
  readonly entries: readonly YamlEntry[];
}

/** A node of a YAML file. */
export type YamlNode = YamlScalar | YamlList | YamlMapping;

/** Aliases of aliases grow without bounds in a small file, and nothing intended nests this deep. */
const limits = { aliased: 10_000, depth: 32 };

/**
 * Parses a file with one YAML document, with its aliases expanded.
 *
 * @param file Named in errors.
 * @param bytes Its content.
 * @throws {RequestError} If it is not UTF-8, not YAML, empty or has several documents, has a key twice, or an alias
 * that refers to nothing, to itself or to too much.
 */
export function parseYaml(file: string, bytes: Uint8Array): YamlNode {
  const text = decode(file, bytes), counter = new LineCounter();
  const locationAt = (offset: number): SourceLocation => {
    const { line, col } = counter.linePos(offset);
    return { file, line: Math.max(1, line), column: Math.max(1, col) };
  };
  const documents = parseAllDocuments(text, { lineCounter: counter, prettyErrors: false, uniqueKeys: false });
  const [document, second] = [...documents];
  for (const { errors, warnings } of documents) {
    const [fault] = [...errors, ...warnings];
    if (fault !== undefined) {
      throw new RequestError(problemOf(fault, text.slice(fault.pos[0])), locationAt(fault.pos[0]));
    }
  }
  if (document?.contents === undefined || document.contents === null) {
    throw new RequestError("the file is empty; write key: value lines", { file });
  }
  if (second !== undefined) {
    throw new RequestError("a second document begins; keep one per file", locationAt(second.range[0]));
  }
  return convert(document.contents, document, locationAt);
}

function decode(file: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new RequestError("the file is not UTF-8 text; save it as UTF-8", { file });
  }
}

const tooDeep = "the file is nested too deeply; make it flatter";

/** What is wrong; `at` is the text from there on. */
function problemOf({ code, message }: { readonly code: string; readonly message: string }, at: string): string {
  if (/call stack/.test(message)) return tooDeep;
  switch (code) {
    case "TAB_AS_INDENT":
      return "a tab indents the line; use spaces";
    case "TAG_RESOLVE_FAILED":
      return `the tag ${quote(/^\S*/.exec(at)?.[0] ?? "")} has no meaning here; omit it`;
    default:
      return `the line is not YAML (${message.charAt(0).toLowerCase()}${message.slice(1)}); correct it`;
  }
}

function convert(
  root: ParsedNode,
  document: Document.Parsed,
  locationAt: (offset: number) => SourceLocation,
): YamlNode {
  let aliased = 0;
  const visit = (
    node: ParsedNode | null,
    above: readonly unknown[],
    fallback: SourceLocation,
    alias?: SourceLocation,
  ): YamlNode => {
    const location = node === null ? fallback : locationAt(node.range[0]);
    if (alias !== undefined && ++aliased > limits.aliased) {
      throw new RequestError("the file's aliases expand to too much; write it out", alias);
    }
    if (above.includes(node)) {
      throw new RequestError("the alias refers to something that contains it; write it out", fallback);
    }
    if (above.length > limits.depth) throw new RequestError(tooDeep, location);
    const within = [...above, node];
    if (node === null) return { kind: "scalar", location, value: null };
    if (isAlias(node)) {
      const target = node.resolve(document);
      if (target === undefined) {
        throw new RequestError(
          `the alias *${node.source} refers to nothing; write &${node.source} before it`,
          location,
        );
      }
      // What an alias refers to was parsed with the rest.
      return visit(target as ParsedNode, above, location, alias ?? location);
    }
    if (isSeq(node)) {
      return {
        kind: "list",
        location,
        items: node.items.map((item) => visit(item, within, location, alias)),
      };
    }
    if (isMap(node)) {
      // The library compares each key with all before it.
      const keys = new Set<string>();
      return {
        kind: "mapping",
        location,
        entries: node.items.map(({ key, value }) => {
          const at = locationAt(key.range[0]);
          if (!isScalar(key) || typeof key.value !== "string") {
            throw new RequestError("the key is not text; write a name, in quotes if it looks like a number", at);
          }
          if (keys.size === keys.add(key.value).size) {
            throw new RequestError(`the key ${quote(key.value)} is given twice; keep one`, at);
          }
          return { key: key.value, location: at, value: visit(value, within, at, alias) };
        }),
      };
    }
    const { value } = node;
    if (value === null || ["string", "number", "boolean"].includes(typeof value)) {
      return { kind: "scalar", location, value: value as ScalarValue };
    }
    throw new RequestError("the value is not text, number, true or false; put it in quotes", location);
  };
  return visit(root, [], locationAt(0));
}

/** Plain data as YAML. */
export function formatYaml(value: unknown): string {
  return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });
}

/**
 * The YAML between lines of `---` at the start of a Markdown file, as plain data.
 *
 * @returns `undefined` if there is none, or none that can be parsed: what others write there need not be for us.
 */
export function frontMatter(markdown: string): unknown {
  const text = /^\ufeff?---\r?\n([\s\S]*?)\r?\n---\s*(?:\r?\n|$)/.exec(markdown)?.[1];
  if (text === undefined) return undefined;
  try {
    return parse(text, { maxAliasCount: limits.aliased, logLevel: "silent" });
  } catch {
    return undefined;
  }
}
