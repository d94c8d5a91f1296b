/** The names visible in a part of a template. @module */
import type { PythonValue } from "../../python/value.ts";

/** Names with their values, and those of the enclosing parts. */
export class Scope {
  readonly #names = new Map<string, PythonValue>();
  readonly #around: Scope | undefined;

  constructor(around?: Scope, names: Iterable<readonly [string, PythonValue]> = []) {
    this.#around = around;
    for (const [name, value] of names) this.set(name, value);
  }

  get(name: string): PythonValue {
    return this.#names.has(name) ? this.#names.get(name) : this.#around?.get(name);
  }

  /** Sets a name here; enclosing scopes keep their own. */
  set(name: string, value: PythonValue): void {
    this.#names.set(name, value);
  }
}
