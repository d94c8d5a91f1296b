/** Where to keep libraries that a provider needs and no npm package contains. @module */
import { join } from "node:path";
import { ownValue } from "../../../ops/program/own_value.ts";

/**
 * The folder of CUDA's libraries in the user's cache.
 *
 * @param variable Returns an environment variable.
 */
export function libraryFolder(variable: (name: string) => string | undefined): string | undefined {
  const home = variable("HOME"),
    cache = variable("XDG_CACHE_HOME") ?? (home === undefined ? undefined : join(home, ".cache"));
  return cache === undefined ? undefined : join(cache, "refract", "onnxruntime-1.30.0-cuda13");
}

/**
 * The environment in which a command's process finds these libraries, if it needs them; the system reads it when the
 * process starts.
 */
export function libraryEnvironment(
  args: readonly string[],
  variables: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  if (!args.some((argument) => argument === "doctor" || /^(?:--provider=)?cuda$/.test(argument))) return {};
  const folder = libraryFolder((name) => ownValue(variables, name));
  if (folder === undefined || Deno.build.os !== "linux") return {};
  try {
    Deno.statSync(folder);
  } catch {
    return {};
  }
  const before = ownValue(variables, "LD_LIBRARY_PATH");
  return { LD_LIBRARY_PATH: before === undefined || before === "" ? folder : `${folder}:${before}` };
}
