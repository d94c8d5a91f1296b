/** The progress of a training, and the time left. @module */
import { byId } from "../../report/page/dom.ts";
import type { ShownEvent } from "../site/protocol.ts";

/** The number of steps whose duration predicts that of the next ones. */
const recent = 20;

/** Names of work for users. */
const works: ReadonlyMap<string, string> = new Map([
  ["download", "Fetching"],
  ["encode", "Encoding rows"],
  ["tokenize", "Reading rows"],
  ["read", "Reading rows"],
]);

/** What the worker says of work that it counts. */
export function workText({ work, subject, done, total, unit }: Extract<ShownEvent, { kind: "work" }>): string {
  const shown = unit === "bytes"
    ? `${(done / 1e6).toFixed(1)} of ${(total / 1e6).toFixed(1)} MB`
    : `${done} of ${total}`;
  return `${works.get(work) ?? work}${work === "download" && subject !== undefined ? ` ${subject}` : ""}: ${shown}`;
}

/** Follows the events of a training. */
export class Progress {
  losses: number[] = [];
  steps = 0;
  #seconds: number[] = [];

  begin(): void {
    this.losses = [];
    this.#seconds = [];
    byId("numbers").hidden = true;
    this.#show("Preparing …", 0);
  }

  take(event: ShownEvent): void {
    switch (event.kind) {
      case "work":
        return this.#show(workText(event), event.done / event.total);
      case "trainingStarted":
        this.losses = [...event.losses];
        this.steps = event.steps;
        return this.#show(
          event.stepsDone > 0 ? `Resumes after step ${event.stepsDone}` : "Training",
          event.stepsDone / event.steps,
        );
      case "step": {
        this.losses.push(event.loss);
        this.#seconds = [...this.#seconds.slice(1 - recent), event.seconds];
        const mean = this.#seconds.reduce((sum, each) => sum + each, 0) / this.#seconds.length;
        const left = timeText(mean * (event.steps - event.step));
        return this.#show(`Step ${event.step} of ${event.steps}, about ${left} left`, event.step / event.steps);
      }
    }
  }

  /** Shows that it is paused. */
  pause(): void {
    this.#list();
    this.#show(`Paused after step ${this.losses.length}; Train resumes from there, even after a reload`, undefined);
  }

  /** Says nothing more: what went wrong is said elsewhere. */
  fail(): void {
    this.#list();
    this.#show("", 0);
  }

  /** Says that it is over. */
  done(seconds: number): void {
    this.#list();
    const loss = this.losses.at(-1);
    this.#show(
      `Done in ${timeText(seconds)}${
        loss === undefined ? ", found from an earlier training" : `, loss ${loss.toFixed(4)}`
      }`,
      1,
    );
  }

  #list(): void {
    byId("numbers").hidden = this.losses.length === 0;
    byId("losses").textContent = this.losses.join("\n");
  }

  #show(text: string, part: number | undefined): void {
    byId("left").textContent = text;
    if (part !== undefined && Number.isFinite(part)) byId("progress", HTMLProgressElement).value = part;
  }
}

function timeText(seconds: number): string {
  if (seconds < 1) return `${Math.ceil(seconds * 10) / 10} s`;
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  return seconds < 5400 ? `${Math.ceil(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
