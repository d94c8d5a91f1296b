/** Records of which an unknown name is refused. @module */
import { RequestError } from "./errors.ts";
import { quote, suggest } from "./suggest.ts";

/** What JavaScript itself asks of any object: whether it is a promise, or has a JSON of its own. */
const asked: ReadonlySet<string> = new Set(["then", "toJSON"]);

/**
 * A record that refuses to be asked for a name that it does not have, where JavaScript would give `undefined`: a method
 * that there is not, or a name that is misspelt.
 *
 * @param what What the record is, for the message.
 * @param names The names that a person may have meant; the record's own if omitted.
 * @param absent Names that it may lack.
 * @param remedy What to do about one that is unknown, if more is known than the names it has.
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
