/** Tensors in the host's memory. @module */

/** The elements of a tensor in row-major order. */
type Elements = Float32Array<ArrayBuffer> | BigInt64Array<ArrayBuffer>;

/** A tensor of the host. While a run uses it, its `data` is detached; afterwards it is back. */
export interface HostTensor {
  data: Elements;
  readonly shape: readonly number[];
}

/** Tensors by name, ready to feed. */
export type Feeds = Record<string, HostTensor>;
