/** ONNX Runtime with its telemetry turned off; the only file that imports onnxruntime-node. @module */
import "./telemetry.ts";
export { env, InferenceSession, Tensor } from "onnxruntime-node";
