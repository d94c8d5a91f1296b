/**
 * A user's project: the folder of a deno.json that maps `refract`. Its imports apply to its pipelines, and it has one
 * store.
 *
 * @module
 */
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

/** A project's deno.json. */
export interface Project {
  /** Absolute. */
  readonly folder: string;
  /** The path of its deno.json. */
  readonly file: string;
  /** As written there. */
  readonly imports: Readonly<Record<string, string>>;
}

/** The project that a folder belongs to: that of its own deno.json, or of the nearest one above. */
export function projectOf(folder: string): Project | undefined {
  for (let at = folder;; at = dirname(at)) {
    const imports = importsOf(join(at, "deno.json"));
    if (imports !== undefined && Object.hasOwn(imports, "refract")) {
      return { folder: at, file: join(at, "deno.json"), imports };
    }
    if (at === dirname(at)) return undefined;
  }
}

function importsOf(file: string): Readonly<Record<string, string>> | undefined {
  let text: string;
  try {
    text = Deno.readTextFileSync(file);
  } catch {
    return undefined;
  }
  try {
    const { imports }: { imports?: unknown } = JSON.parse(text) ?? {};
    return typeof imports === "object" && imports !== null
      ? Object.fromEntries(
        Object.entries(imports).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
      )
      : undefined;
  } catch {
    // Deno itself reports what is wrong with it.
    return undefined;
  }
}

/** An address in an import map, resolved from the map's file. */
export function resolvedFrom(base: string, address: string): string {
  return /^(?:\.{0,2}\/)/.test(address) ? new URL(address, base).href : address;
}

/** The imports of a project, with addresses that mean the same from anywhere. */
export function resolvedImports({ file, imports }: Project): Record<string, string> {
  const base = pathToFileURL(file).href;
  return Object.fromEntries(Object.entries(imports).map(([name, address]) => [name, resolvedFrom(base, address)]));
}
