/** Reading the fields of a config.json with errors that name them. @module */
import { ownValue } from "../../../ops/program/own_value.ts";
import { RequestError } from "../../common/errors.ts";

/** The fields of a config.json. */
export class ConfigReader {
  readonly file: string;
  readonly #fields: Readonly<Record<string, unknown>>;

  constructor(file: string, fields: Readonly<Record<string, unknown>>) {
    this.file = file;
    this.#fields = fields;
  }

  /** A field as the file has it; `undefined` if it is absent or null. */
  raw(name: string): unknown {
    return ownValue(this.#fields, name) ?? undefined;
  }

  /** Whether the field is there, be it null. */
  has(name: string): boolean {
    return Object.hasOwn(this.#fields, name);
  }

  /** @throws {RequestError} If the field is neither absent nor a boolean. */
  flag(name: string, otherwise: boolean): boolean {
    const value = this.raw(name) ?? otherwise;
    return typeof value === "boolean" ? value : this.#refuse(name, "true or false", value);
  }

  /** @throws {RequestError} If the field is not a positive number within 32-bit floats, or is absent and has no default. */
  number(name: string, otherwise?: number): number {
    const value = this.raw(name) ?? otherwise;
    return typeof value === "number" && Number.isFinite(Math.fround(value)) && Math.fround(value) > 0
      ? value
      : this.#refuse(name, "a positive number", value);
  }

  /** @throws {RequestError} If the field is not a positive whole number, or is absent and has no default. */
  count(name: string, otherwise?: number): number {
    const value = this.number(name, otherwise);
    return Number.isSafeInteger(value) ? value : this.#refuse(name, "a whole number", value);
  }

  /** @throws {RequestError} If the field is not a whole number from 0 on, or is absent and has no default. */
  whole(name: string, otherwise?: number): number {
    const value = this.raw(name) ?? otherwise;
    return typeof value === "number" && Number.isSafeInteger(value) && value >= 0
      ? value
      : this.#refuse(name, "a whole number", value);
  }

  /** @throws {RequestError} If the field is not one of the options. */
  option<const T extends string>(name: string, options: readonly T[], otherwise: T): T {
    const value = this.raw(name) ?? otherwise;
    return options.find((option) => option === value) ?? this.#refuse(name, options.join(" or "), value);
  }

  /** An error about the config as a whole. */
  error(problem: string): RequestError {
    return new RequestError(problem, { file: this.file });
  }

  #refuse(name: string, expected: string, found: unknown): never {
    const shown = found === undefined ? "is missing" : `is ${JSON.stringify(found)}`;
    throw this.error(`${name} ${shown} where ${expected} is expected; correct the config`);
  }
}
