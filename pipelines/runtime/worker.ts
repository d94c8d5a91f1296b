/**
 * The worker that holds ONNX Runtime's sessions. Creating and running a session blocks this thread and no other.
 *
 * @module
 */
/// <reference lib="deno.worker" />
import { answering, buffersOf } from "./answering.ts";
import { nodeLibrary } from "./node_library.ts";
import type { Request } from "./protocol.ts";

const answer = answering(nodeLibrary);

self.onmessage = async ({ data: request }: MessageEvent<Request>) => {
  const reply = await answer(request);
  self.postMessage(reply, buffersOf(reply));
};
