/** Tensors in the host's memory. @module */

/** The elements of a tensor in row-major order. */
type Elements = Float32Array<ArrayBuffer> | BigInt64Array<ArrayBuffer>;

/** A tensor of the host. While a run uses it, its `data` is detached; afterwards it is back. */
export interface HostTensor {
  data: Elements;
  readonly shape: readonly number[];
}

/** A tensor that a run is fed: one of the host, or 16-bit floats that stay with the sessions. */
export interface RunTensor {
  readonly data: Elements | Float16Array<ArrayBuffer>;
  readonly shape: readonly number[];
}

/** Tensors by name, ready to feed. */
export type Feeds = Record<string, HostTensor>;
