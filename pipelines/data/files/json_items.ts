/**
 * Yields the items of one list in a JSON text, as bytes: JSON parsers return values without their source text and line
 * numbers.
 *
 * @module
 */
import { RequestError } from "../../common/errors.ts";
import { quote, suggest } from "../../common/suggest.ts";
import { joined } from "./lines.ts";

const [newline, space, tab, carriageReturn] = [0x0a, 0x20, 0x09, 0x0d];
const [mark, backslash, comma] = [0x22, 0x5c, 0x2c];
const [openBrace, closeBrace, openBracket, closeBracket] = [0x7b, 0x7d, 0x5b, 0x5d];

/** An item of the list. */
interface JsonItem {
  readonly bytes: Uint8Array;
  /** The line where it begins, from 1. */
  readonly line: number;
}

/**
 * Yields the items of a list as they come. Their reader checks that each is valid JSON.
 *
 * @param chunks The UTF-8 text in chunks, with or without a byte order mark.
 * @param file For messages.
 * @param names The path of the list; empty if it is the whole text.
 * @throws {RequestError} If the text ends early, has no such list, or has unbalanced brackets around it.
 */
export async function* jsonItems(
  chunks: AsyncIterable<Uint8Array>,
  file: string,
  names: readonly string[],
): AsyncGenerator<JsonItem> {
  const outline = new Outline(names);
  let line = 1, depth = 0, isInText = false, isEscaped = false, itemLine = 0;
  let begun: Uint8Array[] | undefined;
  const wrong = (problem: string) => new RequestError(problem, { file, line });
  for await (const bytes of chunks) {
    let start = 0;
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at]!;
      if (byte === newline) line++;
      if (isInText) {
        if (isEscaped) isEscaped = false;
        else if (byte === backslash) isEscaped = true;
        else if (byte === mark) isInText = false;
        if (depth === 0) isInText ? outline.spell(byte) : outline.endText();
        continue;
      }
      if (byte === space || byte === newline || byte === tab || byte === carriageReturn) continue;
      if (depth === 1 && (byte === comma || byte === closeBracket)) {
        if (begun !== undefined) yield { bytes: joined([...begun, bytes.subarray(start, at)]), line: itemLine };
        else if (byte === comma) throw wrong("a comma in the list does not follow an item; correct it");
        begun = undefined;
      } else if (depth === 1 && begun === undefined) {
        begun = [];
        itemLine = line;
        start = at;
      }
      if (byte === mark) isInText = true;
      else if (depth > 0) {
        if (byte === openBrace || byte === openBracket) depth++;
        else if (byte === closeBrace || byte === closeBracket) depth--;
        if (depth === 0) outline.endList();
      } else {
        const problem = outline.take(byte);
        if (problem !== undefined) throw wrong(problem);
        if (outline.isInList) depth = 1;
      }
    }
    begun?.push(bytes.slice(start));
  }
  if (isInText || depth > 0 || !outline.isWhole) {
    throw wrong("the file ends within a value; create or download it again");
  }
  if (!outline.hasList) throw new RequestError(outline.absence(), { file });
}

/** An open object or list. */
interface Frame {
  readonly isObject: boolean;
  /** The key of the current value; `undefined` if a key is expected. */
  key?: string | undefined;
}

/** The structure around the list at a path. */
class Outline {
  /** Whether the list is open. */
  isInList = false;
  /** Whether the list was found. */
  hasList = false;
  readonly #names: readonly string[];
  readonly #open: Frame[] = [];
  readonly #keys = new Set<string>();
  #spelled: number[] = [];
  #hasValue = false;

  constructor(names: readonly string[]) {
    this.#names = names;
  }

  /** Whether everything that was opened is closed. */
  get isWhole(): boolean {
    return this.#open.length === 0;
  }

  /** Takes a byte within a string. */
  spell(byte: number): void {
    const frame = this.#open.at(-1);
    if (frame?.isObject && frame.key === undefined) this.#spelled.push(byte);
  }

  /** Ends a string, which is a key if one is expected. */
  endText(): void {
    const frame = this.#open.at(-1);
    if (!frame?.isObject || frame.key !== undefined) return;
    frame.key = new TextDecoder().decode(Uint8Array.from(this.#spelled));
    this.#spelled = [];
    const isOnWay = this.#open.slice(0, -1).every(({ key }, at) => key === this.#names[at]);
    if (isOnWay && this.#open.length === Math.max(1, this.#names.length)) this.#keys.add(frame.key);
  }

  /** Takes a byte outside of strings; returns what is wrong with it. */
  take(byte: number): string | undefined {
    if (this.#hasValue && this.isWhole) return "something follows the end of the value; remove it";
    switch (byte) {
      case openBracket:
        this.#hasValue = true;
        this.isInList = !this.hasList && this.#isAtNames();
        this.hasList ||= this.isInList;
        this.#open.push({ isObject: false });
        return undefined;
      case openBrace:
        this.#hasValue = true;
        this.#open.push({ isObject: true });
        return undefined;
      case closeBracket:
      case closeBrace:
        return this.#open.pop() === undefined ? "a closing bracket has no opening one; correct it" : undefined;
      case comma: {
        const frame = this.#open.at(-1);
        if (frame !== undefined) frame.key = undefined;
      }
    }
    return undefined;
  }

  /** Leaves the list. */
  endList(): void {
    this.isInList = false;
    this.#open.pop();
  }

  /** Describes that there is no list, and what there is. */
  absence(): string {
    const keys = [...this.#keys];
    if (this.#names.length > 0) {
      if (keys.includes(this.#names.at(-1)!)) {
        return `what the file has at ${
          quote(this.#names.join("."))
        } is no list; give the path of one, as in at: "data"`;
      }
      return `the file has no list at ${quote(this.#names.join("."))}; ${suggest(this.#names.at(-1) ?? "", keys)}`;
    }
    if (keys.length === 0) return "the file has no list; write a list of objects";
    const listed = keys.slice(0, 12).map(quote).join(", ");
    return `the file is one object; say where its list is, as in at: ${quote(keys[0]!)} (it has ${listed})`;
  }

  #isAtNames(): boolean {
    return this.#open.length === this.#names.length &&
      this.#open.every(({ isObject, key }, at) => isObject && key === this.#names[at]);
  }
}
