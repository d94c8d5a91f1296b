/**
 * What a pipeline file has declared while it was loaded, so that what no stage uses can be named: JavaScript says nothing of
 * a value that is dropped.
 *
 * @module
 */

/** Shared by all copies of Refract in a process: a pipeline file may import its own. */
const slot: unique symbol = Symbol.for("refract.declared");

function current(): Set<object> | undefined {
  const found: Set<object> | undefined = Reflect.get(globalThis, slot);
  return found;
}

/** Collects what a part declares, in order. */
export async function whileDeclaring<T>(part: (declared: Set<object>) => Promise<T>): Promise<T> {
  const declared = new Set<object>();
  Reflect.set(globalThis, slot, declared);
  try {
    return await part(declared);
  } finally {
    Reflect.deleteProperty(globalThis, slot);
  }
}

/** The same of a part that does not wait, so that no other pipeline is declared meanwhile. */
export function declaringInto<T>(declared: Set<object>, part: () => T): T {
  const before = current();
  Reflect.set(globalThis, slot, declared);
  try {
    return part();
  } finally {
    Reflect.set(globalThis, slot, before);
  }
}

/** Takes note of a declaration, in place of those that it was made of. */
export function noteDeclared(record: object, madeOf: readonly object[] = []): void {
  const declared = current();
  for (const part of madeOf) declared?.delete(part);
  declared?.add(record);
}
