/** The memory of the machine. @module */
import { totalmem } from "node:os";
import { system } from "./system.ts";

/** The machine's memory in bytes; `undefined` if that is not permitted. */
export function machineMemory(): number | undefined {
  const { state } = system.permissions.querySync({ name: "sys", kind: "systemMemoryInfo" });
  return state === "granted" ? totalmem() : undefined;
}
