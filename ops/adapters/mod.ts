/** The adapters by name. @module */
import type { AdapterKind } from "./adapter.ts";
import { bitfit } from "./bitfit.ts";
import { dora } from "./dora.ts";
import { ia3 } from "./ia3.ts";
import { lora } from "./lora.ts";

/** The name of a kind of adapter. */
export type AdapterName = "lora" | "dora" | "ia3" | "bitfit";

/** Every kind of adapter. */
export const adapters: Readonly<Record<AdapterName, AdapterKind>> = { lora, dora, ia3, bitfit };

/** Whether a value is the name of a kind of adapter. */
export function isAdapterName(name: unknown): name is AdapterName {
  return typeof name === "string" && Object.hasOwn(adapters, name);
}
