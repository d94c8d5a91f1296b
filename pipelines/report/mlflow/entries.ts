/**
 * A run's events as MLflow stores them: a run for each member, nested in one for all if there are several; parameters,
 * metrics with their steps, and how the run ended.
 *
 * @module
 */
import { ofKind } from "../../common/of_kind.ts";
import type { MemberOutline, RunEvent, RunFailed } from "../../results/events.ts";
import type { MemberRecord } from "../../results/results.ts";
import { loggedName, stepNumbers, stepsOf } from "../logged_numbers.ts";

/** A name with a value, as in MLflow's parameters and tags. */
export interface KeyValue {
  readonly key: string;
  readonly value: string;
}

/** A run to create. */
export interface CreatedRun {
  readonly kind: "run";
  /** Its name in later entries: a member's id, or {@linkcode wholeRun}. */
  readonly run: string;
  /** Its parent run. */
  readonly parent?: string;
  readonly name: string;
  readonly tags: readonly KeyValue[];
}

/** A run's parameters, at most {@linkcode mostParams}. */
interface LoggedParams {
  readonly kind: "params";
  readonly run: string;
  readonly params: readonly KeyValue[];
}

/** A metric's value. */
export interface LoggedMetric {
  readonly kind: "metric";
  readonly run: string;
  readonly key: string;
  readonly value: number;
  readonly step: number;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
}

/** A run that has ended. */
export interface EndedRun {
  readonly kind: "end";
  readonly run: string;
  readonly status: "FINISHED" | "FAILED" | "KILLED";
  /** Milliseconds since 1970. */
  readonly timestamp: number;
}

/** Something to write to MLflow. */
export type MlflowEntry = CreatedRun | LoggedParams | LoggedMetric | EndedRun;

/** The name of the run of all members; no member's id is empty. */
const wholeRun = "";

/** The maximum number of parameters in one request. */
const mostParams = 100;

/** The maximum length of a value that every version of the server accepts. */
const longest = 500;

/** Makes entries from events. */
export class MlflowEntries {
  #pipeline = "";
  #folder = "";
  #hasWhole = false;
  /** The runs that have not ended. */
  readonly #open = new Set<string>();
  /** The first step that was reported, by run and training. */
  readonly #firstSteps = new Map<string, number>();

  /** @param timestamp When the event happened, in milliseconds since 1970. */
  of(event: RunEvent, timestamp: number): readonly MlflowEntry[] {
    switch (event.kind) {
      case "runStarted":
        this.#pipeline = event.pipeline;
        this.#folder = event.folder;
        return [];
      case "membersReady":
        return this.#created(event.members);
      case "step": {
        const { stage, step, learningRate, members } = event;
        return members.flatMap(({ member, ...numbers }) => {
          const first = `${member}\n${stage}`;
          if (!this.#firstSteps.has(first)) this.#firstSteps.set(first, step);
          const rate = learningRate === undefined ? {} : { learning_rate: learningRate };
          return metrics(member, "train", stage, { ...stepNumbers(numbers), ...rate }, { step, timestamp });
        });
      }
      case "validation": {
        const { member, stage, step, metrics: measured } = event;
        return metrics(member, "validation", stage, measured, { step, timestamp });
      }
      case "memberDone":
        return [
          ...this.#earlier(event.record, timestamp),
          ...evaluated(event.record, timestamp),
          ...this.#ended([event.record.id], "FINISHED", timestamp),
        ];
      case "runDone":
        return this.#ended([...this.#open], "FINISHED", timestamp);
      case "runFailed":
        return this.#ended([...this.#open], statusOf(event), timestamp);
      case "stageStarted":
      case "work":
      case "trainingStarted":
      case "epoch":
      case "evaluation":
      case "note":
      case "stageDone":
        return [];
    }
  }

  #created(members: readonly MemberOutline[]): MlflowEntry[] {
    const isFirst = this.#open.size === 0 && !this.#hasWhole, name = this.#pipeline;
    const about = [{ key: "refract.pipeline", value: name }, { key: "refract.folder", value: cut(this.#folder) }];
    const entries: MlflowEntry[] = [];
    const create = (created: Omit<CreatedRun, "kind">) => {
      this.#open.add(created.run);
      entries.push({ kind: "run", ...created });
    };
    if (isFirst && members.length > 1) {
      this.#hasWhole = true;
      create({ run: wholeRun, name, tags: about });
    }
    for (const member of members) {
      const tags = [...about, { key: "refract.member", value: cut(member.id) }];
      const below = this.#hasWhole ? { name: member.id, parent: wholeRun } : { name };
      create({ run: member.id, tags, ...below });
      const params = paramsOf(member);
      for (let start = 0; start < params.length; start += mostParams) {
        entries.push({ kind: "params", run: member.id, params: params.slice(start, start + mostParams) });
      }
    }
    return entries;
  }

  /** The steps that no event reported: those of earlier runs. */
  #earlier({ id, stages }: MemberRecord, timestamp: number): LoggedMetric[] {
    return ofKind(stages, "train").flatMap((training) => {
      const { name, losses, validation = [] } = training;
      const before = (this.#firstSteps.get(`${id}\n${name}`) ?? losses.length + 1) - 1;
      const steps = stepsOf(training).slice(0, before).flatMap((numbers, at) => {
        return metrics(id, "train", name, stepNumbers(numbers), { step: at + 1, timestamp });
      });
      const validations = validation.filter(({ step }) => step <= before).flatMap(({ step, metrics: measured }) => {
        return metrics(id, "validation", name, measured, { step, timestamp });
      });
      return [...steps, ...validations];
    });
  }

  #ended(runs: readonly string[], status: EndedRun["status"], timestamp: number): EndedRun[] {
    return runs.map((run) => {
      this.#open.delete(run);
      return { kind: "end", run, status, timestamp };
    });
  }
}

function statusOf({ stopped }: RunFailed): EndedRun["status"] {
  return stopped ? "KILLED" : "FAILED";
}

function paramsOf({ axes, trainableParameters, stages }: MemberOutline): KeyValue[] {
  const settings = stages.flatMap(({ name, kind, settings }) => {
    return Object.entries(settings).map(([path, value]) => [`${kind}/${name}/${path}`, value] as const);
  });
  const all = [...Object.entries(axes), ["trainableParameters", trainableParameters] as const, ...settings];
  return all.map(([key, value]) => ({ key: keyOf(key), value: cut(String(value)) }));
}

/** The metrics of a member's evaluations, at the last step of its trainings. */
function evaluated({ id, stages }: MemberRecord, timestamp: number): LoggedMetric[] {
  const step = Math.max(0, ...ofKind(stages, "train").map(({ steps }) => steps));
  return ofKind(stages, "evaluate").flatMap(({ name, metrics: measured, standardErrors = {} }) => {
    const errors = Object.entries(standardErrors).map(([metric, error]) => [`${metric}_stderr`, error]);
    return metrics(id, "evaluate", name, { ...measured, ...Object.fromEntries(errors) }, { step, timestamp });
  });
}

/** Numbers of a stage; MLflow's API cannot represent numbers that are not finite. */
function metrics(
  run: string,
  by: Parameters<typeof loggedName>[0],
  stage: string,
  values: Readonly<Record<string, number>>,
  when: Pick<LoggedMetric, "step" | "timestamp">,
): LoggedMetric[] {
  return Object.entries(values).filter(([, value]) => Number.isFinite(value)).map(([name, value]) => {
    return { kind: "metric", run, key: keyOf(loggedName(by, stage, name)), value, ...when };
  });
}

/** A name that MLflow accepts: letters, digits, `_`, `-`, `.`, spaces and slashes. */
function keyOf(name: string): string {
  return name.replaceAll(/[^\w\-. /]/g, "_").slice(0, 250);
}

function cut(value: string): string {
  return value.length <= longest ? value : value.slice(0, longest);
}
