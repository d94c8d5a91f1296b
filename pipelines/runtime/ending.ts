/** Ending a process that may have used native libraries. @module */
import { ownValue } from "../../ops/program/own_value.ts";

/** The C library of each POSIX system. */
export const systemLibraries = { linux: "libc.so.6", darwin: "/usr/lib/libSystem.B.dylib" } as const;

/**
 * Ends this process immediately, without the exit handlers that native libraries have registered. With WebGPU, the
 * runtime's worker unloads the graphics driver as it ends; if that happens while the process exits, a handler in the
 * driver's code is called after that code has been unloaded, and a run that has written all its results ends with a
 * segmentation fault.
 *
 * A process that is not permitted to load libraries has no such handlers and exits as usual.
 */
export function endProcess(code: number): never {
  const library: string | undefined = ownValue(systemLibraries, Deno.build.os);
  if (library !== undefined && Deno.permissions.querySync({ name: "ffi", path: library }).state === "granted") {
    Deno.dlopen(library, { _exit: { parameters: ["i32"], result: "void" } }).symbols._exit(code);
  }
  Deno.exit(code);
}
