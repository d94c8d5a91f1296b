/** Which machine a process is on, among those that see the same store. @module */
import { dirname, join } from "node:path";
import { system } from "../common/system.ts";

const name = "refract-machine";

let known: string | undefined;

/**
 * Equal for processes that see the same folder of temporary files, which machines do not share: among these, locks of
 * files say whether a process lives. Where there is no such folder, a process is on a machine of its own.
 */
export function machineId(): string {
  return known ??= found() ?? crypto.randomUUID();
}

function found(): string | undefined {
  try {
    const probe = system.makeTempFileSync({ prefix: "refract-" }), path = join(dirname(probe), name);
    system.removeSync(probe);
    try {
      using file = system.openSync(path, { write: true, createNew: true, mode: 0o644 });
      file.writeSync(new TextEncoder().encode(crypto.randomUUID()));
    } catch {
      // Another process has made it.
    }
    const text = system.readTextFileSync(path);
    return /^[0-9a-f-]{36}$/.test(text) ? text : undefined;
  } catch {
    return undefined;
  }
}
