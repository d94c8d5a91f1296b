/**
 * What a run that has not ended shows those who watch it: one small file in its folder, written anew about every second
 * and removed at the end.
 *
 * @module
 */
import { join } from "node:path";
import { replaceFile } from "../common/files.ts";
import type { MemberRecord } from "../results/results.ts";
import type { Progress } from "../schedule/context/progress.ts";

/** The file's name within a run's folder. */
export const liveFile = "live.json";

/** The file's content. */
export interface LiveState {
  readonly pipeline: string;
  /** When the run began. */
  readonly begun: string;
  /** The stage at work and how far it is. */
  readonly now: string;
  /** The members that are done. */
  readonly members: readonly MemberRecord[];
  /** The trainings at work: each step's loss so far. */
  readonly trainings: readonly { readonly name: string; readonly losses: readonly number[] }[];
}

/** Milliseconds between two writes. */
const interval = 1000;

/** Keeps the file of a run; what the disk refuses is omitted, as nothing depends on it. */
export class LiveLog {
  readonly #path: string;
  readonly #pipeline: string;
  readonly #begun = new Date().toISOString();
  readonly #members: MemberRecord[] = [];
  #trainings: { name: string; losses: number[] }[] = [];
  #now = "starting";
  #written = -Infinity;
  #writing: Promise<void> = Promise.resolve();
  #isOpen = false;

  constructor(folder: string, pipeline: string) {
    this.#path = join(folder, liveFile);
    this.#pipeline = pipeline;
  }

  /** Writes from now on: the run's folder is there. */
  open(): void {
    this.#isOpen = true;
    this.#update(true);
  }

  /** Takes a member that is done. */
  member(record: MemberRecord): void {
    this.#members.push(record);
    this.#trainings = [];
    this.#update(true);
  }

  /** A progress that updates the file, too. */
  following(progress: Progress): Progress {
    return {
      warn: (message) => progress.warn(message),
      begin: (label, total, unit) => {
        const shown = progress.begin(label, total, unit), trainings: { name: string; losses: number[] }[] = [];
        return (done, note, losses) => {
          shown(done, note, losses);
          this.#now = unit === "bytes" ? `${label} of ${note}` : `${label} ${done}/${total}`;
          losses?.forEach((loss, at) => {
            trainings[at] ??= { name: losses.length === 1 ? label : `${label} (${at + 1})`, losses: [] };
            trainings[at].losses.push(loss);
          });
          if (trainings.length > 0) this.#trainings = trainings;
          this.#update(done === total);
        };
      },
    };
  }

  /** Removes the file. */
  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await this.#writing;
    await Deno.remove(this.#path).catch(() => {});
  }

  #update(isDue: boolean): void {
    if (!this.#isOpen || (!isDue && performance.now() - this.#written < interval)) return;
    this.#written = performance.now();
    const state: LiveState = {
      pipeline: this.#pipeline,
      begun: this.#begun,
      now: this.#now,
      members: this.#members,
      trainings: this.#trainings,
    };
    const bytes = new TextEncoder().encode(JSON.stringify(state));
    this.#writing = this.#writing.then(() => replaceFile(this.#path, [bytes])).catch(() => {});
  }
}
