/**
 * The machine: in code that is bundled for a browser, this is the only file that names Deno. In a browser it is
 * replaced by another one, which uses the Origin Private File System.
 *
 * @module
 */
import type { System } from "./system_types.ts";

export type * from "./system_types.ts";

/** This machine. */
export const system: System = Deno;
