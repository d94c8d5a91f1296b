/** ONNX models as data: their bytes, and what a host must know to feed them. @module */
import type { Shape } from "../program/dimension.ts";
import type { DataType } from "../program/program.ts";

/** Where a graph will run. */
export type Provider = "cpu" | "webgpu" | "cuda";

/** Where a weight's bytes lie: an ONNX external-data location, with the offset and length in bytes. */
export interface WeightLocation {
  readonly location: string;
  readonly offset: number;
  readonly length: number;
}

/** A tensor that the host feeds. */
export interface FedTensor {
  readonly name: string;
  readonly shape: Shape;
  readonly dtype: DataType;
}

/** A list of extents, by the name under which it is fed. */
export interface ExtentList {
  readonly name: string;
  readonly shape: Shape;
  /** Into how many numbers, alike but for 1, its only extent is to be divided. */
  readonly parts?: number;
}

/** An ONNX model with what its host must know to feed it. */
export interface OnnxModel {
  readonly name: string;
  readonly provider: Provider;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Inputs and parameters. */
  readonly fed: readonly FedTensor[];
  /** Lists of extents (int64) that the host evaluates from the run's symbols and feeds. */
  readonly extents: readonly ExtentList[];
  readonly outputs: readonly FedTensor[];
}
