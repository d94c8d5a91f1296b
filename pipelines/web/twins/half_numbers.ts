/** Numbers of 16 bits on the visitor's GPU, in the place of `runtime/half_numbers.ts`. @module */
import { adapterHere } from "./adapter.ts";

let adapter: GPUAdapter | undefined;

/** Asks the browser for its adapter. Gives whether there is one, a software one included. */
export async function measureAdapter(): Promise<boolean> {
  adapter = await adapterHere().catch(() => undefined);
  return adapter !== undefined;
}

/** Whether the adapter computes with them; not if it was not asked for. */
export function hasHalfNumbers(): boolean {
  return adapter?.features.has("shader-f16") ?? false;
}
