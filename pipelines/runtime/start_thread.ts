/**
 * The thread that holds sessions: a worker with ONNX Runtime's native package. In a browser another file replaces this
 * one.
 *
 * @module
 */
import type { Reply } from "./protocol.ts";
import type { RuntimeThread, ThreadOwner } from "./thread.ts";

/** Whether sessions map weights from their files, so that several that read the same ones take the memory of one. */
export const mapsWeights: boolean = true;

/** Starts the worker. */
export function startThread({ answered, died }: ThreadOwner): RuntimeThread {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  worker.onmessage = ({ data }: MessageEvent<Reply>) => answered(data);
  worker.onerror = (event) => {
    event.preventDefault();
    died(event.message);
  };
  return {
    isApart: true,
    send: (request, transfer) => worker.postMessage(request, transfer),
    end: () => worker.terminate(),
  };
}
