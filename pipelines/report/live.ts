/**
 * What a run that has not ended shows those who watch it: one small file in its folder, written anew about every second
 * and removed at the end.
 *
 * @module
 */
import { join } from "node:path";
import { replaceFile } from "../common/files.ts";
import type { RunEvent, StepDone } from "../results/events.ts";
import type { MemberRecord, ValidationRecord } from "../results/results.ts";
import type { Watcher } from "./watcher.ts";
import { trainingLabel, workLabel } from "../results/event_labels.ts";

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
  /** The trainings at work: each step's loss so far, and what their validations measured. */
  readonly trainings: readonly LiveTraining[];
}

/** A training at work. */
interface LiveTraining {
  readonly name: string;
  readonly losses: readonly number[];
  readonly validation: readonly ValidationRecord[];
}

/** Milliseconds between two writes. */
const interval = 1000;

/** Keeps the file of a run; what the disk refuses is omitted, as nothing depends on it. */
export class LiveLog implements Watcher {
  readonly #path: string;
  readonly #pipeline: string;
  readonly #begun = new Date().toISOString();
  readonly #members: MemberRecord[] = [];
  /** By member. */
  #trainings = new Map<string, { name: string; losses: number[]; validation: ValidationRecord[] }>();
  #label = "";
  #now = "starting";
  #written = -Infinity;
  #writing: Promise<void> = Promise.resolve();
  #isOpen = false;
  /** Whether several members run together, so that each is named. */
  #hasSeveral = false;

  constructor(folder: string, pipeline: string) {
    this.#path = join(folder, liveFile);
    this.#pipeline = pipeline;
  }

  /** Takes an event; nothing is written before the members are ready, and with them the run's folder. */
  take(event: RunEvent): void {
    switch (event.kind) {
      case "membersReady":
        this.#isOpen = true;
        this.#hasSeveral = event.members.length > 1;
        return this.#update(true);
      case "work": {
        const { done, total, unit, subject } = event, label = workLabel(event);
        this.#now = unit === "bytes" ? `${label} of ${subject}` : `${label} ${done}/${total}`;
        return this.#update(done === total);
      }
      case "trainingStarted":
        this.#label = trainingLabel(event.stage, event.members);
        this.#trainings = new Map(event.members.map((member) => {
          const label = trainingLabel(event.stage, [member]);
          return [member, { name: this.#hasSeveral ? `${label} ${member}` : label, losses: [], validation: [] }];
        }));
        return;
      case "step":
        this.#step(event);
        return this.#update(event.step === event.steps);
      case "validation": {
        const { member, step, metrics } = event;
        this.#trainings.get(member)?.validation.push({ step, metrics });
        return this.#update(false);
      }
      case "memberDone":
        this.#members.push(event.record);
        this.#trainings = new Map();
        return this.#update(true);
      default:
        return;
    }
  }

  /** Removes the file. */
  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await this.#writing;
    await Deno.remove(this.#path).catch(() => {});
  }

  #step({ step, steps, members }: StepDone): void {
    this.#now = `${this.#label} ${step}/${steps}`;
    for (const { member, loss } of members) this.#trainings.get(member)?.losses.push(loss);
  }

  #update(isDue: boolean): void {
    if (!this.#isOpen || (!isDue && performance.now() - this.#written < interval)) return;
    this.#written = performance.now();
    const state: LiveState = {
      pipeline: this.#pipeline,
      begun: this.#begun,
      now: this.#now,
      members: this.#members,
      trainings: [...this.#trainings.values()].filter(({ losses }) => losses.length > 0),
    };
    const bytes = new TextEncoder().encode(JSON.stringify(state));
    this.#writing = this.#writing.then(() => replaceFile(this.#path, [bytes])).catch(() => {});
  }
}
