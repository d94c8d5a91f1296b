/** Converting tensors of the host to and from those of ONNX Runtime's packages. @module */
import type { RunTensor } from "../common/host_tensor.ts";
import type { OpenSession } from "./library.ts";
import type { InferenceSession, Tensor } from "./onnx_runtime.ts";

/** A package's session that is fed tensors of the host. */
export function sessionOf(session: InferenceSession, tensor: typeof Tensor): OpenSession {
  return {
    inputNames: session.inputNames,
    async run(feeds, into) {
      const fed = tensorsOf(feeds, tensor);
      if (into !== undefined) {
        await session.run(fed, tensorsOf(into, tensor));
        return into;
      }
      const results = await session.run(fed);
      return Object.fromEntries(
        Object.entries(results).map((
          [name, { data, dims }],
        ) => [name, { data: data as Float32Array<ArrayBuffer>, shape: dims }]),
      );
    },
    release: () => session.release(),
  };
}

function tensorsOf(from: Readonly<Record<string, RunTensor>>, tensor: typeof Tensor): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(from).map(([name, { data, shape }]) => [
      name,
      data instanceof Float32Array
        ? new tensor("float32", data, shape)
        : data instanceof BigInt64Array
        ? new tensor("int64", data, shape)
        : new tensor("float16", new Uint16Array(data.buffer, data.byteOffset, data.length), shape),
    ]),
  );
}
