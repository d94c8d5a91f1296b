/** Which modules the names in adapter_config.json choose, by peft's rules. @module */
import { RequestError } from "../../common/errors.ts";
import { quote } from "../../common/suggest.ts";
import type { BlockProjection } from "../../compile/lower/adapters.ts";

/** Names by which modules are chosen: ends of their paths, or a pattern of whole ones. */
export type ModuleNames = readonly string[] | string;

/** Which modules an adapter is for. */
export interface Targets {
  readonly modules: ModuleNames;
  readonly excluded: ModuleNames;
  /** The blocks, all if omitted. */
  readonly blocks?: readonly number[];
}

/** Every linear module but the head. */
const everyLinear = "all-linear";

/** What distinguishes the adapters of modules, by their paths. */
interface PlacedModule {
  readonly path: string;
  readonly place: BlockProjection;
}

/** Whether an adapter is for a module. */
export function isTargeted({ path, place }: PlacedModule, { modules, excluded, blocks }: Targets): boolean {
  if (matchesNames(path, excluded)) return false;
  if (typeof modules === "string") return modules === everyLinear || matchesNames(path, modules);
  if (modules.includes(path)) return true;
  return matchesNames(path, modules) && (blocks === undefined || blocks.includes(place.block));
}

/** Whether names choose a module: by the end of its path, or a pattern of the whole path. */
export function matchesNames(path: string, names: ModuleNames): boolean {
  if (typeof names === "string") return pythonPattern(names, "target_modules").test(path);
  return names.some((name) => path === name || path.endsWith(`.${name}`));
}

/** The value of the first pattern that the end of a path matches. */
export function byPattern(path: string, patterns: ReadonlyMap<string, number>): number | undefined {
  const found = [...patterns.keys()].find((pattern) => pythonPattern(`(?:.*\\.)?(?:${pattern})`, "").test(path));
  return found === undefined ? undefined : patterns.get(found);
}

/**
 * A pattern of Python's `re` that whole texts match. Those that modules are chosen by are of the common core.
 *
 * @throws {RequestError} If it is none that JavaScript knows, too.
 */
export function pythonPattern(pattern: string, field: string): RegExp {
  try {
    return new RegExp(`^(?:${pattern.replaceAll("(?P<", "(?<")})$`, "u");
  } catch {
    try {
      // Without the u flag, in which an escape that means nothing is a mistake.
      return new RegExp(`^(?:${pattern.replaceAll("(?P<", "(?<")})$`);
    } catch {
      throw new RequestError(`${field} has the pattern ${quote(pattern)}, which can't be read; list names instead`);
    }
  }
}
