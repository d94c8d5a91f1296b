/** Dicts that record which keys are read. @module */
import type { PythonValue } from "../python/value.ts";

/** A dict that adds each key whose value is read to a set. */
export class WatchedDict extends Map<PythonValue, PythonValue> {
  readonly #read: Set<PythonValue>;

  constructor(entries: Iterable<readonly [PythonValue, PythonValue]>, read: Set<PythonValue>) {
    super(entries);
    this.#read = read;
  }

  override get(key: PythonValue): PythonValue {
    this.#read.add(key);
    return super.get(key);
  }

  override values(): MapIterator<PythonValue> {
    this.#readAll();
    return super.values();
  }

  override [Symbol.iterator](): MapIterator<[PythonValue, PythonValue]> {
    this.#readAll();
    return super[Symbol.iterator]();
  }

  #readAll(): void {
    for (const key of this.keys()) this.#read.add(key);
  }
}
