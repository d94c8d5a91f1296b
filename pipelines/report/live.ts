/**
 * What an unfinished run shows to those who watch it: one small file in its folder, rewritten about every second and
 * removed when the run is done or its request was invalid. If a run is stopped or fails, the file says how it ended.
 *
 * @module
 */
import { join } from "node:path";
import { system } from "../common/system.ts";
import { replaceFile } from "../common/files.ts";
import { removeOwn } from "../common/leavings.ts";
import type { MemberOutline, RunEvent, StepDone, TrainingStarted } from "../results/events.ts";
import type { MemberRecord, ValidationRecord } from "../results/results.ts";
import type { Watcher } from "./watcher.ts";
import { trainingLabel, workLabel } from "../results/event_labels.ts";

/** The file's name within a run folder. */
export const liveFile = "live.json";

/** The file's content. */
export interface LiveState {
  readonly pipeline: string;
  /** When the run began. */
  readonly begun: string;
  /** When this was written. A running process writes every second or two. */
  readonly written: string;
  /** The current stage and its progress. */
  readonly now: string;
  /** Why the run ended, if it ended before it was done. */
  readonly failed?: { readonly message: string; readonly stopped: boolean };
  /** The members as known before they run. */
  readonly planned: readonly LiveMember[];
  /** The finished members. */
  readonly members: readonly MemberRecord[];
  /** The current trainings: each step's loss so far, and what their validations measured. */
  readonly trainings: readonly LiveTraining[];
}

/** A member as known before it is done. */
export type LiveMember = Pick<MemberOutline, "id" | "axes" | "repeated" | "trainableParameters" | "baseParameters">;

/** A training in progress. */
export interface LiveTraining {
  readonly member: string;
  readonly stage: string;
  /** For all completed steps, including those of an earlier run. */
  readonly losses: readonly number[];
  readonly validation: readonly ValidationRecord[];
}

/** Milliseconds between two writes, and between those that only signal that the run is alive. */
const interval = 1000, pulse = 2000;

/** After this many milliseconds without a sign of life, a run has ended or is stuck. */
const longSilence = 15_000;

/** For how many milliseconds a run has been silent; `undefined` if it is alive. */
export function silenceOf({ written }: Pick<LiveState, "written">, now: number): number | undefined {
  const silence = now - Date.parse(written);
  // Clocks of two machines may differ.
  return silence > longSilence ? silence : undefined;
}

/** Maintains the file of a run; what the disk refuses is skipped, because nothing depends on it. */
export class LiveLog implements Watcher {
  readonly #path: string;
  readonly #pipeline: string;
  readonly #begun = new Date().toISOString();
  readonly #planned: LiveMember[] = [];
  readonly #members: MemberRecord[] = [];
  /** By member. */
  #trainings = new Map<string, { stage: string; losses: number[]; validation: ValidationRecord[] }>();
  #label = "";
  #now = "starting";
  #failed: LiveState["failed"];
  #written = -Infinity;
  #writing: Promise<void> = Promise.resolve();
  #isOpen = false;
  #pulse: ReturnType<typeof setInterval> | undefined;

  constructor(folder: string, pipeline: string) {
    this.#path = join(folder, liveFile);
    this.#pipeline = pipeline;
  }

  /** Receives an event; nothing is written before the members, and with them the run folder, are ready. */
  take(event: RunEvent): void {
    switch (event.kind) {
      case "membersReady":
        this.#open();
        this.#planned.push(...event.members.map(({ id, axes, repeated, trainableParameters, baseParameters }) => {
          return { id, axes, repeated, trainableParameters, baseParameters };
        }));
        return this.#update(true);
      case "work": {
        const { done, total, unit, subject } = event, label = workLabel(event);
        this.#now = unit === "bytes" ? `${label} of ${subject}` : `${label} ${done}/${total}`;
        return this.#update(done === total);
      }
      case "trainingStarted":
        return this.#begin(event);
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
        // Others that were trained together have not yet run theirs.
        this.#trainings.delete(event.record.id);
        return this.#update(true);
      case "runFailed":
        if (event.refused) return;
        this.#failed = { message: event.message, stopped: event.stopped };
        return this.#update(true);
      default:
        return;
    }
  }

  /** Removes the file, unless it says why the run ended. */
  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    clearInterval(this.#pulse);
    await this.#writing;
    if (this.#failed === undefined) await removeOwn(this.#path);
  }

  #open(): void {
    this.#isOpen = true;
    if (this.#pulse !== undefined) return;
    this.#pulse = setInterval(() => this.#update(false), pulse);
    // A finished run does not wait for the next pulse.
    system.unrefTimer(this.#pulse);
  }

  #begin({ stage, members, losses = [] }: TrainingStarted): void {
    this.#label = trainingLabel(stage, members);
    for (const [at, member] of members.entries()) {
      this.#trainings.set(member, { stage, losses: [...losses[at] ?? []], validation: [] });
    }
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
      written: new Date().toISOString(),
      now: this.#now,
      ...this.#failed === undefined ? {} : { failed: this.#failed },
      planned: this.#planned,
      members: this.#members,
      trainings: [...this.#trainings].map(([member, training]) => ({ member, ...training }))
        .filter(({ losses }) => losses.length > 0),
    };
    const bytes = new TextEncoder().encode(JSON.stringify(state));
    this.#writing = this.#writing.then(() => replaceFile(this.#path, [bytes])).catch(() => {});
  }
}
