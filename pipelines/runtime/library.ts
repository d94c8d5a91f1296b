/** ONNX Runtime as the rest of this room sees it, whichever of its packages runs. @module */
import type { OnnxModel } from "../../ops/onnx/model.ts";
import type { HostTensor } from "../common/host_tensor.ts";
import type { SessionSettings } from "./protocol.ts";

/** A session of one of ONNX Runtime's packages. */
export interface OpenSession {
  readonly inputNames: readonly string[];
  /** Runs the program, with its inputs alone. Throws an Error with what ONNX Runtime says. */
  run(feeds: Readonly<Record<string, HostTensor>>): Promise<Record<string, HostTensor>>;
  release(): Promise<void>;
}

/** One of ONNX Runtime's packages. */
export interface RuntimeLibrary {
  /** Makes a session. Throws an Error with what ONNX Runtime says, or what is missing. */
  open(model: OnnxModel, settings: SessionSettings): Promise<OpenSession>;
}

/** Optimizers that would keep a float32 copy of weights stored in 16 bits. */
export const copyingOptimizers = [
  "ConstantFolding",
  "CommonSubexpressionElimination",
  "FuseFp16InitializerToFp32NodeTransformer",
];
