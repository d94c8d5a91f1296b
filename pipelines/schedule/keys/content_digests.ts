/** Digests of the initial values of trainings and evaluations. @module */
import { createHash } from "node:crypto";
import type { TensorMap } from "../../compile/parameters/initial.ts";

/** A digest of tensors' names, shapes and content. */
export function tensorsDigest(tensors: TensorMap): string {
  const hash = createHash("sha256");
  for (const [name, { data, shape }] of Object.entries(tensors)) {
    hash.update(JSON.stringify([name, shape]));
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest("hex");
}
