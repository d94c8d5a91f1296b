/** Answers that are sent while they are generated, as server-sent events. @module */
import { asApiError, errorBody } from "./api_error.ts";

/** Sends a value as an event. */
type Send = (value: unknown) => void;

/** How a stream may end. */
interface StreamEnds {
  /** Called when the client has disconnected. */
  readonly onCancel: () => void;
  /** Called when nothing more is sent, in any case. */
  readonly onEnd: () => void;
}

/**
 * A response whose body has an event for each value sent, and `[DONE]` at the end. An error ends it as an event.
 *
 * @param write Sends the values; resolves when all are sent.
 */
export function eventStream(write: (send: Send) => Promise<void>, { onCancel, onEnd }: StreamEnds): Response {
  const encoder = new TextEncoder();
  let isRead = true;
  const body = new ReadableStream<Uint8Array>({
    async start(controller) {
      const put = (text: string) => isRead ? controller.enqueue(encoder.encode(`data: ${text}\n\n`)) : undefined;
      try {
        await write((value) => put(JSON.stringify(value)));
        put("[DONE]");
      } catch (error) {
        put(JSON.stringify(errorBody(asApiError(error))));
      } finally {
        onEnd();
      }
      if (isRead) controller.close();
    },
    cancel() {
      isRead = false;
      onCancel();
    },
  });
  return new Response(body, { headers: { "content-type": "text/event-stream", "cache-control": "no-cache" } });
}
