/** Where ONNX Runtime's native binding is; it looks for its providers' libraries next to it. @module */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import process from "node:process";
import { unwritable } from "../common/files.ts";
import { providerLibraries } from "./providers.ts";

/**
 * The folder of the native binding, where its providers' libraries belong.
 *
 * @throws {Error} If Refract is loaded from a URL, so that Deno does not reveal where the binding is.
 */
export function bindingFolder(): string {
  if (!import.meta.url.startsWith("file:")) {
    throw new Error("this provider needs a copy of Refract on disk; clone it");
  }
  const main = createRequire(import.meta.url).resolve("onnxruntime-node");
  return join(dirname(main), "..", "bin", "napi-v6", process.platform, process.arch);
}

/**
 * Links provider libraries from another folder next to the binding, so that it finds them. Broken links are replaced.
 *
 * @throws {DiskError} If the binding's folder can't be written.
 */
export function linkLibraries(folder: string): void {
  for (const name of providerLibraries()) {
    const link = join(bindingFolder(), name);
    try {
      if (Deno.lstatSync(link).isSymlink) Deno.removeSync(link);
      else continue;
    } catch (fault) {
      if (!(fault instanceof Deno.errors.NotFound)) throw unwritable(link, fault);
    }
    try {
      Deno.symlinkSync(join(folder, name), link);
    } catch (fault) {
      throw unwritable(link, fault);
    }
  }
}
