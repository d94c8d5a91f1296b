/** The device that a worker's sessions run on. @module */

/** A device on which programs run. */
export interface Device {
  /** Its name, for example `cpu:0`. */
  readonly name: string;
  /** Its number among the provider's devices; `undefined` for the workers of the CPU, which share one. */
  readonly number: number | undefined;
}
