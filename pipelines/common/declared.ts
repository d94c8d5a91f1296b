/**
 * What a pipeline file declared while it was loaded, so that declarations that no stage uses can be named: JavaScript
 * does not report values that are dropped.
 *
 * @module
 */

/** Shared by all copies of Refract in a process: a pipeline file may import its own. */
const slot: unique symbol = Symbol.for("refract.declared");

function current(): Set<object> | undefined {
  const found: Set<object> | undefined = Reflect.get(globalThis, slot);
  return found;
}

/** Collects what a function declares, in order. */
export async function whileDeclaring<T>(part: (declared: Set<object>) => Promise<T>): Promise<T> {
  const declared = new Set<object>();
  Reflect.set(globalThis, slot, declared);
  try {
    return await part(declared);
  } finally {
    Reflect.deleteProperty(globalThis, slot);
  }
}

/** The same for a synchronous function, during which no other pipeline can be declared. */
export function declaringInto<T>(declared: Set<object>, part: () => T): T {
  const before = current();
  Reflect.set(globalThis, slot, declared);
  try {
    return part();
  } finally {
    Reflect.set(globalThis, slot, before);
  }
}

/** Records a declaration, which replaces those that it was made from. */
export function noteDeclared(record: object, madeOf: readonly object[] = []): void {
  const declared = current();
  for (const part of madeOf) declared?.delete(part);
  declared?.add(record);
}
