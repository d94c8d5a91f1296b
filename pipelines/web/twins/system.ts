/** A browser tab as the machine, replacing `common/system.ts`. @module */
import type { AskedPermission, System } from "../../common/system_types.ts";
import { home, VirtualFiles } from "../files/virtual_files.ts";

export type * from "../../common/system_types.ts";

/** The variables of a tab. */
const variables = new Map([["HOME", home]]);

class Tab extends VirtualFiles implements System {
  readonly env = { get: (name: string) => variables.get(name) };
  /**
   * A page reaches what its policy and other sites' headers let it reach, and may ask for its machine's name, by which
   * claims of a tab that was closed are known; nothing else is there.
   */
  readonly permissions = {
    querySync: (asked: AskedPermission) => ({
      state: asked.name === "net" || (asked.name === "sys" && asked.kind === "hostname") ? "granted" : "denied",
    }),
  };
  readonly build = { os: "browser", arch: "wasm32", target: "browser" };
  readonly version = { deno: "none", v8: engineOf(navigator.userAgent) };
  readonly mainModule = "";
  exitCode = 0;

  execPath(): string {
    return "";
  }

  unrefTimer(): void {}
}

/** The engine for regular expressions and texts, which tokens may depend on. */
function engineOf(userAgent: string): string {
  return /(?:Chrome|Firefox|Version)\/\d+/.exec(userAgent)?.[0] ?? userAgent;
}

/** This tab. */
export const system = new Tab();

/** Sets one of the tab's variables. */
export function setVariable(name: string, value: string): void {
  variables.set(name, value);
}
