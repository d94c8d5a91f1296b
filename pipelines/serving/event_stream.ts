/** Answers that are sent while they are written, as server-sent events. @module */
import { asApiError, errorBody } from "./api_error.ts";

/** Sends a value as an event. */
type Send = (value: unknown) => void;

/** How the sending may end. */
interface StreamEnds {
  /** Called when nobody reads any more. */
  readonly onCancel: () => void;
  /** Called when nothing more is sent, in any case. */
  readonly onEnd: () => void;
}

/**
 * A response whose body has an event for each value that is sent, and `[DONE]` at the end. An error ends it as an event.
 *
 * @param write Sends; done when all is sent.
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
