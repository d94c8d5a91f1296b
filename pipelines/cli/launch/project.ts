/**
 * A project of a person's own: the folder of a deno.json that maps `refract`. Its imports hold for its pipelines, and it
 * has one store.
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
  /** As it is written there. */
  readonly imports: Readonly<Record<string, string>>;
}

/** The project that a folder belongs to: its own deno.json's, or that of the nearest folder above. */
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
    // Deno itself names what is wrong with it.
    return undefined;
  }
}

/** An address of an import map as it is meant from the file that the map is in. */
export function resolvedFrom(base: string, address: string): string {
  return /^(?:\.{0,2}\/)/.test(address) ? new URL(address, base).href : address;
}

/** The imports of a project, with addresses that mean the same from anywhere. */
export function resolvedImports({ file, imports }: Project): Record<string, string> {
  const base = pathToFileURL(file).href;
  return Object.fromEntries(Object.entries(imports).map(([name, address]) => [name, resolvedFrom(base, address)]));
}
