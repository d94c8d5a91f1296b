/** Refract for pages that declare their own pipelines. @module */
import { join } from "node:path";
import { bundled } from "./bundle.ts";
import { writeSurroundings } from "./site.ts";
import { writeTypes } from "./types.ts";

/**
 * Writes what a page imports that declares its own pipelines.
 *
 * @returns How many bytes the script has.
 */
export async function writePageLibrary(folder: string): Promise<number> {
  await writeSurroundings(folder);
  const script = await bundled("web/library/refract_web.ts", folder);
  await Deno.writeTextFile(join(folder, "scripts", "refract.web.js"), script);
  await writeTypes(folder);
  return new TextEncoder().encode(script).length;
}
