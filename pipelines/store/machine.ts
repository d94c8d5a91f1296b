/** Which machine a process is on, among those that see the same store. @module */
import { hostname } from "node:os";
import { system } from "../common/system.ts";

let known: string | undefined;

/**
 * Equal for processes of machines of one name, which are taken for one: among these, locks of files say whether a process
 * lives. Where the name may not be asked, a process is on a machine of its own.
 */
export function machineId(): string {
  return known ??= mayAsk() ? hostname() : crypto.randomUUID();
}

function mayAsk(): boolean {
  return system.permissions.querySync({ name: "sys", kind: "hostname" }).state === "granted";
}
