/** The memory of the machine. @module */
import { totalmem } from "node:os";
import { system } from "./system.ts";

/** Bytes of memory that the machine has; `undefined` where that may not be asked. */
export function machineMemory(): number | undefined {
  const { state } = system.permissions.querySync({ name: "sys", kind: "systemMemoryInfo" });
  return state === "granted" ? totalmem() : undefined;
}
