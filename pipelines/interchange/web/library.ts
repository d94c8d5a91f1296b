/** Refract for pages that declare their own pipelines. @module */
import { join } from "node:path";
import { bundled } from "./bundle.ts";
import { writeSurroundings } from "./site.ts";
import { writeTypes } from "./types.ts";

/**
 * Writes what such a page imports.
 *
 * @returns The size of the script in bytes.
 */
export async function writePageLibrary(folder: string): Promise<number> {
  await writeSurroundings(folder);
  const script = await bundled("web/library/refract_web.ts", folder);
  await Deno.writeTextFile(join(folder, "scripts", "refract.web.js"), script);
  await writeTypes(folder);
  return new TextEncoder().encode(script).length;
}
