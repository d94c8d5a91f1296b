/** ONNX models as data: their bytes, and what the host must feed them. @module */
import type { Shape } from "../program/dimension.ts";
import type { DataType } from "../program/program.ts";

/** The ONNX Runtime execution provider that a graph runs on. */
export type Provider = "cpu" | "webgpu" | "cuda";

/** Where a weight's bytes are: an ONNX external-data location, with the offset and length in bytes. */
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

/** A list of extents and the name under which it is fed. */
export interface ExtentList {
  readonly name: string;
  readonly shape: Shape;
  /** The number of parts, equal to within 1, that its only extent is to be divided into. */
  readonly parts?: number;
}

/** An ONNX model and what the host must feed it. */
export interface OnnxModel {
  readonly name: string;
  readonly provider: Provider;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Inputs and parameters. */
  readonly fed: readonly FedTensor[];
  /** Where the weights are that it reads from files. */
  readonly weights: readonly WeightLocation[];
  /** Lists of extents (int64) that the host evaluates from the run's symbols and feeds. */
  readonly extents: readonly ExtentList[];
  readonly outputs: readonly FedTensor[];
}
