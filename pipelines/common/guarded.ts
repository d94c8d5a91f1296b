/** Records that reject unknown names. @module */
import { RequestError } from "./errors.ts";
import { quote, suggest } from "./suggest.ts";

/** Names that JavaScript itself looks up in any object: whether it is a promise, or has its own JSON. */
const asked: ReadonlySet<string> = new Set(["then", "toJSON"]);

/**
 * A record that throws when a name that it does not have is accessed, where JavaScript would return `undefined`: a
 * method that does not exist, or a misspelt name.
 *
 * @param what What the record is, for the message.
 * @param names The names that may have been meant; the record's own if omitted.
 * @param absent Names that it may lack.
 * @param remedy What to do about an unknown name, if more is known than the record's names.
 */
export function guarded<T extends object>(
  record: T,
  what: string,
  names: readonly string[] = Object.keys(record),
  absent: readonly string[] = [],
  remedy: (name: string) => string | undefined = () => undefined,
): T {
  const passed = new Set([...asked, ...absent]);
  return new Proxy(record, {
    get(target, name, receiver) {
      if (typeof name !== "string" || Reflect.has(target, name) || passed.has(name)) {
        return Reflect.get(target, name, receiver);
      }
      throw new RequestError(`${what} has no ${quote(name)}; ${remedy(name) ?? suggest(name, names)}`);
    },
  });
}
