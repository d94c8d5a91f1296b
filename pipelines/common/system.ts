/**
 * The machine: of what is compiled for a browser, this is the only file that names Deno. There another one stands in its
 * place, over the Origin Private File System.
 *
 * @module
 */
import type { System } from "./system_types.ts";

export type * from "./system_types.ts";

/** This machine. */
export const system: System = Deno;
