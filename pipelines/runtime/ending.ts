/** The end of a process that may have used native libraries. @module */
import { ownValue } from "../../ops/program/own_value.ts";

/** The C library of each system that has one of POSIX. */
export const systemLibraries = { linux: "libc.so.6", darwin: "/usr/lib/libSystem.B.dylib" } as const;

/**
 * Ends this process at once, without the exit handlers that native libraries have left. With WebGPU, the runtime's worker
 * unloads the graphics driver as it ends; where that is while the process exits, a handler in the driver's code is called
 * when that code is gone, and a run whose results are all written ends in a segmentation fault.
 *
 * A process that may not load libraries has none, and exits as usual.
 */
export function endProcess(code: number): never {
  const library: string | undefined = ownValue(systemLibraries, Deno.build.os);
  if (library !== undefined && Deno.permissions.querySync({ name: "ffi", path: library }).state === "granted") {
    Deno.dlopen(library, { _exit: { parameters: ["i32"], result: "void" } }).symbols._exit(code);
  }
  Deno.exit(code);
}
