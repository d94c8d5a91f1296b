/**
 * The worker that holds ONNX Runtime's sessions. Creating and running a session blocks this thread and no other.
 *
 * @module
 */
/// <reference lib="deno.worker" />
import { answering, buffersOf } from "./answering.ts";
import { nodeLibrary } from "./node_library.ts";
import type { Request } from "./protocol.ts";

const { answer } = answering(nodeLibrary);

// One at a time, since a request may use what the one before it left in this thread.
let last: Promise<void> = Promise.resolve();
self.onmessage = ({ data: request }: MessageEvent<Request>) => {
  last = last.then(async () => {
    const reply = await answer(request);
    self.postMessage(reply, buffersOf(reply));
  });
};
