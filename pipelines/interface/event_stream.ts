/** Events for any number of readers, each of which reads at its own pace. @module */
import type { RunEvent } from "../results/events.ts";

/** A reader's pending events, and its pending promise. */
interface Reader {
  readonly waiting: RunEvent[];
  wake: (() => void) | undefined;
}

/** Passes events on to readers. A reader gets the events from when it began to read. */
export class EventStream {
  readonly #readers = new Set<Reader>();
  #end: { readonly error?: unknown } | undefined;

  /** Passes on an event. */
  emit(event: RunEvent): void {
    for (const reader of this.#readers) {
      reader.waiting.push(event);
      reader.wake?.();
    }
  }

  /** Ends the stream; readers get their pending events, and then fail if there is an error. */
  end(end: { readonly error?: unknown }): void {
    this.#end = end;
    for (const { wake } of this.#readers) wake?.();
  }

  /** Begins to read. */
  read(): AsyncIterableIterator<RunEvent> {
    const reader: Reader = { waiting: [], wake: undefined };
    this.#readers.add(reader);
    return this.#events(reader);
  }

  async *#events(reader: Reader): AsyncGenerator<RunEvent, undefined> {
    try {
      for (;;) {
        const event = reader.waiting.shift();
        if (event !== undefined) yield event;
        else if (this.#end === undefined) await new Promise<void>((resolve) => reader.wake = resolve);
        else if ("error" in this.#end) throw this.#end.error;
        else return undefined;
      }
    } finally {
      this.#readers.delete(reader);
    }
  }
}
