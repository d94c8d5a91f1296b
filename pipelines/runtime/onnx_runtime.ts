/** ONNX Runtime with its telemetry turned off; the only file that imports onnxruntime-node. @module */
import "./telemetry.ts";
import { Tensor } from "onnxruntime-node";

// At its first tensor the package decides how it takes 16-bit floats. Its binding knows no Float16Array, and without one
// it takes their bits as a Uint16Array.
const name = "Float16Array", known = Object.getOwnPropertyDescriptor(globalThis, name);
Reflect.deleteProperty(globalThis, name);
new Tensor("float32", new Float32Array(1), [1]);
if (known !== undefined) Object.defineProperty(globalThis, name, known);

export { env, InferenceSession, Tensor } from "onnxruntime-node";
