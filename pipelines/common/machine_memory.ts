/** The memory of the machine. @module */
import { totalmem } from "node:os";

/** Bytes of memory that the machine has; `undefined` where that may not be asked. */
export function machineMemory(): number | undefined {
  const { state } = Deno.permissions.querySync({ name: "sys", kind: "systemMemoryInfo" });
  return state === "granted" ? totalmem() : undefined;
}
