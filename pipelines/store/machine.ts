/** Which machine a process is on, among those that see the same store. @module */
import { hostname } from "node:os";
import { system } from "../common/system.ts";

let known: string | undefined;

/**
 * Equal for processes on machines with the same host name, which are treated as one machine: among these, file locks
 * show whether a process is alive. If the host name is not available, each process counts as its own machine.
 */
export function machineId(): string {
  return known ??= mayAsk() ? hostname() : crypto.randomUUID();
}

function mayAsk(): boolean {
  return system.permissions.querySync({ name: "sys", kind: "hostname" }).state === "granted";
}
