/** The worker that trains for this page; it answers one request after another. @module */
import type { Answers, Ask, FromEngine, ShownEvent, ToEngine } from "../site/protocol.ts";

/** A failed request: what is wrong in one line, or that it was paused. */
export class Refusal extends Error {
  constructor(message: string, readonly isPaused: boolean) {
    super(message);
  }
}

interface Waiting {
  resolve(answer: Answers[keyof Answers]): void;
  reject(refusal: Refusal): void;
}

/** The worker. */
export class Engine {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #next = 0;

  /** @param onEvent Receives what runs report. */
  constructor(script: URL, onEvent: (event: ShownEvent) => void) {
    this.#worker = new Worker(script, { type: "module" });
    this.#worker.onmessage = ({ data }: MessageEvent<FromEngine>) => {
      if ("event" in data) return onEvent(data.event);
      const waiting = this.#waiting.get(data.id);
      this.#waiting.delete(data.id);
      if ("answer" in data) waiting?.resolve(data.answer);
      else waiting?.reject(new Refusal(data.problem, data.isPaused));
    };
    this.#worker.onerror = (event) => {
      event.preventDefault();
      const text = event.message || "its script could not be loaded; reload the page";
      for (const { reject } of this.#waiting.values()) reject(new Refusal(`the worker ended: ${text}`, false));
      this.#waiting.clear();
    };
  }

  /** Sends a request. Throws a {@linkcode Refusal}. */
  async ask<Asked extends Ask>(ask: Asked): Promise<Answers[Asked["kind"]]> {
    const id = this.#next++, message: ToEngine = { id, ask };
    const answer = new Promise<Answers[keyof Answers]>((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
    this.#worker.postMessage(message);
    return await answer as Answers[Asked["kind"]];
  }

  /** Pauses the current run; what was computed is kept. */
  pause(): void {
    const message: ToEngine = { pause: true };
    this.#worker.postMessage(message);
  }
}
