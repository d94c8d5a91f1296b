/** What makers state about GPUs, for plans and for shares of a peak. @module */
import { ownValue } from "../../ops/program/own_value.ts";

/** A GPU as its maker and cloud providers describe it. */
export interface KnownGpu {
  /** For dense float32 matrix products, in TF32 if the card has it. */
  readonly flopsPerSecond: number;
  /** Of its memory. */
  readonly bytesPerSecond: number;
  /** In bytes. */
  readonly memory: number;
  /** Approximate US dollars per hour of one GPU, at on-demand cloud prices of 2025. */
  readonly dollarsPerHour: number;
}

const known: Readonly<Record<string, KnownGpu>> = {
  T4: { flopsPerSecond: 8.1e12, bytesPerSecond: 3.2e11, memory: 16e9, dollarsPerHour: 0.5 },
  L4: { flopsPerSecond: 6e13, bytesPerSecond: 3e11, memory: 24e9, dollarsPerHour: 0.8 },
  A10G: { flopsPerSecond: 3.5e13, bytesPerSecond: 6e11, memory: 24e9, dollarsPerHour: 1 },
  A100: { flopsPerSecond: 1.56e14, bytesPerSecond: 2e12, memory: 80e9, dollarsPerHour: 2 },
  H100: { flopsPerSecond: 4.94e14, bytesPerSecond: 3.35e12, memory: 80e9, dollarsPerHour: 3 },
  H200: { flopsPerSecond: 4.94e14, bytesPerSecond: 4.8e12, memory: 141e9, dollarsPerHour: 4 },
};

/** The known names. */
export const knownGpus: readonly string[] = Object.keys(known);

/** The specification of a GPU whose name contains its model's, as in `NVIDIA H100 80GB HBM3`. */
export function knownGpu(name: string): KnownGpu | undefined {
  const model = knownGpus.find((model) => new RegExp(`\\b${model}\\b`, "i").test(name));
  return model === undefined ? undefined : ownValue(known, model);
}
