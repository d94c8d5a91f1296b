/**
 * Control vectors as llama.cpp and EasySteer read them: `direction.N` is added to the output of block N, on every
 * token.
 *
 * @module
 */
import { encodeGguf, type FloatTensor } from "./file.ts";

/** The bytes of a file, in parts. */
export function controlVector(
  shifts: ReadonlyMap<number, Float32Array<ArrayBuffer>>,
  model: { readonly architecture: string; readonly blocks: number },
): Uint8Array<ArrayBuffer>[] {
  const tensors = [...shifts].sort(([one], [other]) => one - other).map(([block, data]): FloatTensor => {
    return { name: `direction.${block}`, shape: [data.length], data };
  });
  return encodeGguf({
    "general.architecture": { text: "controlvector" },
    "controlvector.model_hint": { text: model.architecture },
    "controlvector.layer_count": { count: model.blocks },
  }, tensors);
}
