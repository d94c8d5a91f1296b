/** Reading a GGUF file's metadata with errors that name the key. @module */
import { RequestError } from "../../common/errors.ts";
import { visible } from "./cursor.ts";
import type { Gguf, GgufValue } from "./reader.ts";

/** The metadata of a GGUF file. Keys that begin with a dot are prefixed with the architecture's name. */
export class Metadata {
  /** `general.architecture`. */
  readonly architecture: string;
  readonly #gguf: Gguf;

  /** @throws {RequestError} If the file names no architecture. */
  constructor(gguf: Gguf) {
    this.#gguf = gguf;
    this.architecture = "";
    this.architecture = this.text("general.architecture");
  }

  /** All keys in the file. */
  keys(): string[] {
    return [...this.#gguf.metadata.keys()];
  }

  /** A value in the file. */
  raw(key: string): GgufValue | undefined {
    return this.#gguf.metadata.get(this.#full(key));
  }

  /** @throws {RequestError} If the value is not a finite number, or is absent and has no default. */
  number(key: string, otherwise?: number): number {
    const value = this.raw(key) ?? otherwise;
    return typeof value === "number" && Number.isFinite(value) ? value : this.#refuse(key, "a number");
  }

  /** @throws {RequestError} If the value is not a positive whole number, or is absent and has no default. */
  count(key: string, otherwise?: number): number {
    const value = this.number(key, otherwise);
    return Number.isSafeInteger(value) && value > 0 ? value : this.#refuse(key, "a positive whole number");
  }

  /**
   * A count that a file may list block by block.
   *
   * @throws {RequestError} Like {@linkcode Metadata.count}, and if the blocks differ.
   */
  sameInEachBlock(key: string, otherwise?: number): number {
    const value = this.raw(key);
    if (!Array.isArray(value)) return this.count(key, otherwise);
    const [first, ...others] = value;
    if (typeof first === "number" && Number.isSafeInteger(first) && first > 0 && others.every((n) => n === first)) {
      return first;
    }
    throw this.error(`the metadata key ${this.#full(key)} differs from block to block, which is not supported`);
  }

  /** A 32-bit float as the shortest decimal: 0.00001 instead of 0.000009999999747378752. */
  decimal(key: string, otherwise?: number): number {
    return shortestDecimal(this.number(key, otherwise));
  }

  /** @throws {RequestError} If the value is not a boolean, or is absent and has no default. */
  flag(key: string, otherwise?: boolean): boolean {
    const value = this.raw(key) ?? otherwise;
    return typeof value === "boolean" ? value : this.#refuse(key, "true or false");
  }

  /** @throws {RequestError} If the value is not a string, or is absent. */
  text(key: string): string {
    const value = this.raw(key);
    return typeof value === "string" ? value : this.#refuse(key, "a string");
  }

  /** @throws {RequestError} If the value is not a list of strings, or is absent. */
  texts(key: string): readonly string[] {
    const value = this.raw(key);
    return Array.isArray(value) && value.every((item) => typeof item === "string")
      ? value
      : this.#refuse(key, "a list of strings");
  }

  /** @throws {RequestError} If the value is not a list of numbers, or is absent. */
  numbers(key: string): readonly number[] {
    const value = this.raw(key);
    return Array.isArray(value) && value.every((item) => typeof item === "number")
      ? value
      : this.#refuse(key, "a list of numbers");
  }

  /** @throws {RequestError} If the value is not a list of booleans, or is absent. */
  flags(key: string): readonly boolean[] {
    const value = this.raw(key);
    return Array.isArray(value) && value.every((item) => typeof item === "boolean")
      ? value
      : this.#refuse(key, "a list of true and false");
  }

  /** An error about the file as a whole. */
  error(problem: string): RequestError {
    return new RequestError(visible(problem), { file: this.#gguf.file });
  }

  #full(key: string): string {
    return key.startsWith(".") ? this.architecture + key : key;
  }

  #refuse(key: string, expected: string): never {
    const found = this.raw(key), text = JSON.stringify(found) ?? "";
    const shown = found === undefined ? "is missing" : `is ${text.length > 60 ? `${text.slice(0, 60)}…` : text}`;
    throw this.error(
      `the metadata key ${this.#full(key)} ${shown} where ${expected} is expected; convert the model again`,
    );
  }
}

/** The shortest decimal that rounds to the same 32-bit float. */
export function shortestDecimal(value: number): number {
  for (let digits = 1; digits < 10; digits++) {
    const decimal = Number(value.toPrecision(digits));
    if (Math.fround(decimal) === Math.fround(value)) return decimal;
  }
  return value;
}
