/** The device that a worker's sessions run on. @module */

/** Where programs run. */
export interface Device {
  /** As in `cpu:0`. */
  readonly name: string;
  /** Which of the provider's devices it is; the workers of the CPU share one. */
  readonly number: number | undefined;
}
