/** The interface to ONNX Runtime for the rest of this room, whichever package is used. @module */
import type { OnnxModel } from "../../ops/onnx/model.ts";
import type { HostTensor, RunTensor } from "../common/host_tensor.ts";
import type { SessionSettings } from "./protocol.ts";

/** A session of one of ONNX Runtime's packages. */
export interface OpenSession {
  readonly inputNames: readonly string[];
  /**
   * Runs the program with exactly its inputs. Throws an Error with ONNX Runtime's message.
   *
   * @param into All results' tensors, if they are to be written into these.
   */
  run(
    feeds: Readonly<Record<string, RunTensor>>,
    into?: Readonly<Record<string, HostTensor>>,
  ): Promise<Record<string, HostTensor>>;
  release(): Promise<void>;
}

/** One of ONNX Runtime's packages. */
export interface RuntimeLibrary {
  /** Creates a session. Throws an Error with ONNX Runtime's message, or one that says what is missing. */
  open(model: OnnxModel, settings: SessionSettings): Promise<OpenSession>;
}

/** Optimizers that would keep a float32 copy of weights stored in 16 bits. */
export const copyingOptimizers = [
  "ConstantFolding",
  "CommonSubexpressionElimination",
  "FuseFp16InitializerToFp32NodeTransformer",
];
