/** The worker that trains for this page, asked one thing after another. @module */
import type { Answers, Ask, FromEngine, ShownEvent, SiteDefaults, ToEngine } from "../site/protocol.ts";

/** A question that was not answered: what is wrong in one line, whether it was stopped, or failed for its device. */
export class Refusal extends Error {
  constructor(message: string, readonly isStopped: boolean, readonly isDevices: boolean = false) {
    super(message);
  }
}

interface Waiting {
  resolve(answer: Answers[keyof Answers]): void;
  reject(refusal: Refusal): void;
}

/** The worker. */
export class Engine {
  readonly #script: URL;
  readonly #onEvent: (event: ShownEvent) => void;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker;
  #listens = Promise.withResolvers<void>();
  #next = 0;

  /** @param onEvent Receives what runs report. */
  constructor(script: URL, onEvent: (event: ShownEvent) => void) {
    this.#script = script;
    this.#onEvent = onEvent;
    this.#worker = this.#start();
  }

  /** Sends a request. Throws a {@linkcode Refusal}. */
  async ask<Asked extends Ask>(ask: Asked): Promise<Answers[Asked["kind"]]> {
    const id = this.#next++, message: ToEngine = { id, ask };
    const answer = new Promise<Answers[keyof Answers]>((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
    // What is sent to a worker that does not listen yet is lost.
    void this.#listens.promise.then(() => this.#worker.postMessage(message));
    return await answer as Answers[Asked["kind"]];
  }

  /** Stops what was asked; what a training has computed is kept. */
  stop(): void {
    const message: ToEngine = { stop: true };
    this.#worker.postMessage(message);
  }

  /** Begins with a new worker, which has its own memory and its own device of the GPU. Nothing may be asked meanwhile. */
  async restart(defaults: SiteDefaults): Promise<Answers["open"]> {
    this.#worker.terminate();
    this.#listens = Promise.withResolvers();
    this.#worker = this.#start();
    return await this.ask({ kind: "open", defaults });
  }

  #start(): Worker {
    const worker = new Worker(this.#script, { type: "module" }), { resolve } = this.#listens;
    worker.onmessage = ({ data }: MessageEvent<FromEngine>) => {
      if ("listens" in data) return resolve();
      if ("event" in data) return this.#onEvent(data.event);
      const waiting = this.#waiting.get(data.id);
      this.#waiting.delete(data.id);
      if ("answer" in data) waiting?.resolve(data.answer);
      else waiting?.reject(new Refusal(data.problem, data.isStopped, data.isDevices));
    };
    worker.onerror = (event) => {
      event.preventDefault();
      const text = event.message || "its script could not be loaded; reload the page";
      for (const { reject } of this.#waiting.values()) reject(new Refusal(`the worker ended: ${text}`, false));
      this.#waiting.clear();
    };
    return worker;
  }
}
