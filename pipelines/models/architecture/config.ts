/** Reading the fields of a config.json with errors that name them. @module */
import { ownValue } from "../../../ops/program/own_value.ts";
import { RequestError } from "../../common/errors.ts";
import type { JsonObject } from "../../common/files.ts";

/** The fields of a config.json. */
export class ConfigReader {
  readonly file: string;
  readonly #fields: JsonObject;

  constructor(file: string, fields: JsonObject) {
    this.file = file;
    this.#fields = fields;
  }

  /** The config with defaults for fields that the file omits. */
  withDefaults(defaults: JsonObject): ConfigReader {
    return new ConfigReader(this.file, { ...defaults, ...this.#fields });
  }

  /** A field's value in the file; `undefined` if it is absent or null. */
  raw(name: string): unknown {
    return ownValue(this.#fields, name) ?? undefined;
  }

  /** Whether the field is present, even if null. */
  has(name: string): boolean {
    return Object.hasOwn(this.#fields, name);
  }

  /** @throws {RequestError} If the field is neither absent nor a boolean. */
  flag(name: string, otherwise: boolean): boolean {
    const value = this.raw(name) ?? otherwise;
    return typeof value === "boolean" ? value : this.#refuse(name, "true or false", value);
  }

  /**
   * @throws {RequestError} If the field is not a positive number within 32-bit floats, or is absent and has no default.
   */
  number(name: string, otherwise?: number): number {
    const value = this.raw(name) ?? otherwise;
    return typeof value === "number" && Number.isFinite(Math.fround(value)) && Math.fround(value) > 0
      ? value
      : this.#refuse(name, "a positive number", value);
  }

  /** @throws {RequestError} If the field is not a number from 0 to below 1, or is absent and has no default. */
  share(name: string, otherwise?: number): number {
    const value = this.raw(name) ?? otherwise;
    return typeof value === "number" && value >= 0 && value < 1
      ? value
      : this.#refuse(name, "a number from 0 to below 1", value);
  }

  /** @throws {RequestError} If the field is not a positive whole number, or is absent and has no default. */
  count(name: string, otherwise?: number): number {
    const value = this.number(name, otherwise);
    return Number.isSafeInteger(value) ? value : this.#refuse(name, "a whole number", value);
  }

  /** @throws {RequestError} If the field is not a whole number from 0 up, or is absent and has no default. */
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
    // Unlike JSON, config.json may contain infinities.
    const value = typeof found === "number" ? String(found) : JSON.stringify(found);
    const shown = found === undefined ? "is missing" : `is ${value}`;
    throw this.error(`${name} ${shown} where ${expected} is expected; correct the config`);
  }
}
