/** A browser tab as the machine, replacing `common/system.ts`. @module */
import type { AskedPermission, System } from "../../common/system_types.ts";
import { home, VirtualFiles } from "../files/virtual_files.ts";

export type * from "../../common/system_types.ts";

/** The environment variables of a tab. */
const variables: ReadonlyMap<string, string> = new Map([["HOME", home]]);

class Tab extends VirtualFiles implements System {
  readonly env = { get: (name: string) => variables.get(name) };
  /** A page can reach what its policy and other sites' headers allow; there is nothing else. */
  readonly permissions = {
    querySync: ({ name }: AskedPermission) => ({ state: name === "net" ? "granted" : "denied" }),
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
