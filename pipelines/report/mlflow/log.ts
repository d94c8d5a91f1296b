/**
 * A run's events, written to an MLflow server during the run: requests are sent in the background, a server that does
 * not respond is reported once and retried later, and one that rejects a request is no longer used.
 *
 * @module
 */
import { setTimeout as sleep } from "node:timers/promises";
import { faultText } from "../../common/files.ts";
import type { RunEvent } from "../../results/events.ts";
import type { Watcher } from "../watcher.ts";
import { MlflowClient, MlflowRefusal, type MlflowServer, mostMetrics } from "./client.ts";
import { type LoggedMetric, MlflowEntries, type MlflowEntry } from "./entries.ts";

/** When requests are made, in milliseconds. */
export interface MlflowTimings {
  /** Between an entry and its request, so that steps are sent together. */
  readonly gathering: number;
  /** Before retrying a server that did not respond, at first and at most. */
  readonly retry: readonly [first: number, most: number];
  /** How long the end of a run waits for one request. */
  readonly closing: number;
}

const usualTimings: MlflowTimings = { gathering: 1000, retry: [2000, 60_000], closing: 3000 };

/** If more entries than this are waiting, a server that does not respond gets no more of them. */
const mostWaiting = 200_000;

/** Writes a run to MLflow. */
export class MlflowLog implements Watcher {
  readonly #server: MlflowServer;
  readonly #note: (message: string) => void;
  readonly #timings: MlflowTimings;
  readonly #entries = new MlflowEntries();
  readonly #stop = new AbortController();
  readonly #client: MlflowClient;
  /** The ids of runs, by their names in entries. */
  readonly #ids = new Map<string, string>();
  #waiting: MlflowEntry[] = [];
  #pump: Promise<void> | undefined;
  #isOpen = false;
  #isTold = false;
  #isGivenUp = false;
  /** Ends pauses immediately. */
  readonly #hurry = new AbortController();
  #isClosing = false;

  /** @param note Called once if the server cannot be written to; the run continues. */
  constructor(server: MlflowServer, note: (message: string) => void, timings: MlflowTimings = usualTimings) {
    this.#server = server;
    this.#note = note;
    this.#timings = timings;
    this.#client = new MlflowClient(server, this.#stop.signal);
  }

  take(event: RunEvent): void {
    // If the run ends before the members are ready, its request was invalid.
    if (event.kind === "membersReady") this.#isOpen = true;
    const entries = this.#entries.of(event, Date.now());
    if (!this.#isOpen || this.#isGivenUp || entries.length === 0) return;
    if (this.#waiting.length < mostWaiting) this.#waiting.push(...entries);
    this.#pump ??= this.#send();
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    this.#hurry.abort();
    // As long as requests are answered in time, everything waiting is sent.
    for (let left = this.#waiting.length; this.#pump !== undefined; left = this.#waiting.length) {
      const inTime = new AbortController();
      const late = sleep(this.#timings.closing, false, { signal: inTime.signal }).catch(() => false);
      const ended = await Promise.race([this.#pump.then(() => true), late]);
      inTime.abort();
      if (ended || this.#waiting.length === left) break;
    }
    this.#stop.abort();
    await this.#pump;
    if (this.#waiting.length > 0) this.#report(new DOMException("", "TimeoutError"));
  }

  async #send(): Promise<void> {
    let retry = this.#timings.retry[0];
    if (!this.#isClosing) await this.#pause(this.#timings.gathering);
    while (this.#waiting.length > 0 && !this.#isGivenUp) {
      try {
        await this.#sendFirst();
        retry = this.#timings.retry[0];
      } catch (fault) {
        if (this.#stop.signal.aborted) break;
        this.#report(fault);
        // The end of a run waits only for one last attempt.
        if (this.#isClosing) break;
        await this.#pause(retry);
        retry = Math.min(this.#timings.retry[1], 2 * retry);
      }
    }
    this.#pump = undefined;
  }

  /** Sends the first waiting entry; a metric together with those that follow it. */
  async #sendFirst(): Promise<void> {
    const [first] = this.#waiting as [MlflowEntry], id = this.#ids.get(first.run) ?? "";
    const sent = new Set<MlflowEntry>([first]);
    switch (first.kind) {
      case "run": {
        const parent = first.parent === undefined ? undefined : this.#ids.get(first.parent);
        this.#ids.set(first.run, await this.#client.create(first, parent, Date.now()));
        break;
      }
      case "params":
        await this.#client.params(id, first.params);
        break;
      case "end":
        await this.#client.end(id, first);
        break;
      case "metric": {
        const metrics = metricsOf(this.#waiting, first.run);
        for (const metric of metrics) sent.add(metric);
        await this.#client.metrics(id, metrics);
      }
    }
    this.#waiting = this.#waiting.filter((entry) => !sent.has(entry));
  }

  #report(fault: unknown): void {
    const isRefusal = fault instanceof MlflowRefusal || fault instanceof Deno.errors.NotCapable;
    if (isRefusal) {
      this.#isGivenUp = true;
      this.#waiting = [];
    }
    if (this.#isTold) return;
    this.#isTold = true;
    const { address } = this.#server;
    const then = this.#isClosing
      ? "results.json has what is missing there"
      : `the run continues${isRefusal ? " without it" : ", and retries later"}`;
    this.#note(`MLflow at ${address}: ${reasonOf(fault, address)}; ${then}`);
  }

  async #pause(milliseconds: number): Promise<void> {
    await sleep(milliseconds, undefined, { ref: false, signal: this.#hurry.signal }).catch(() => {});
  }
}

/** Why a server cannot be written to. */
function reasonOf(fault: unknown, address: string): string {
  if (fault instanceof Deno.errors.NotCapable) {
    return `this program is not permitted to reach it; allow it with --allow-net=${new URL(address).host}`;
  }
  if (fault instanceof DOMException && fault.name === "TimeoutError") return "it does not answer in time";
  // A failed fetch says only that it failed; the end of its cause says why.
  return fault instanceof Error && fault.cause instanceof Error
    ? `it can't be reached (${faultText(fault.cause).split(": ").at(-1)})`
    : faultText(fault);
}

/** The metrics of a run that wait before anything else does: members that train together report their steps in turn. */
function metricsOf(waiting: readonly MlflowEntry[], run: string): LoggedMetric[] {
  const found: LoggedMetric[] = [];
  for (const entry of waiting) {
    if (entry.kind !== "metric" || found.length === mostMetrics) break;
    if (entry.run === run) found.push(entry);
  }
  return found;
}
