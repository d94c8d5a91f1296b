/** Environment variables for starting programs. @module */

const names = [
  ...["LIBRARY_PATH", "PRELOAD", "RUN_PATH", "AUDIT", "BIND_NOW", "DEBUG", "ORIGIN_PATH"].map((name) => `LD_${name}`),
  ...["LIBRARY_PATH", "FALLBACK_LIBRARY_PATH", "FRAMEWORK_PATH", "INSERT_LIBRARIES"].map((name) => `DYLD_${name}`),
];

/**
 * The variables that change which libraries a program loads, all empty. Where they are set, as `LD_LIBRARY_PATH` is on
 * many clusters, Deno starts a program with them only if it may run any program.
 */
export const noLoaderVariables: Readonly<Record<string, string>> = Object.fromEntries(names.map((name) => [name, ""]));
