/**
 * What a run reports about itself while it runs. The terminal, live.json, logs and programs that call `run` read the
 * same events, in the order in which they happen.
 *
 * @module
 */
import type { AxisLabel } from "../spec/mod.ts";
import type { EvaluateRecord, MemberRecord, StageRecord } from "./results.ts";

/** A run begins: its request is being read, and nothing has been computed yet. */
export interface RunStarted {
  /** What happened. */
  readonly kind: "runStarted";
  /** The pipeline's name. */
  readonly pipeline: string;
  /** The run folder. */
  readonly folder: string;
}

/** A stage as known before it runs. */
export interface StageOutline {
  /** The stage's name. */
  readonly name: string;
  /** What it does. */
  readonly kind: StageRecord["kind"];
  /** The stage's settings, by path, as in `optimizer.learningRate`; without its model and data. */
  readonly settings: Readonly<Record<string, AxisLabel>>;
  /** How long it is expected to take, in seconds; absent if the store has its result. */
  readonly expectedSeconds?: number;
}

/** A member as known before it runs. */
export interface MemberOutline {
  /** The member's id, as in `layer=15,rank=4`. */
  readonly id: string;
  /** Its values on the axes. */
  readonly axes: MemberRecord["axes"];
  /** Equal for members that repeat one experiment, for example with other seeds. */
  readonly repeated: string;
  /** How many numbers it trains. */
  readonly trainableParameters: number;
  /** How many numbers its base model has. */
  readonly baseParameters: number;
  /** Its stages, in the order in which they run. */
  readonly stages: readonly StageOutline[];
}

/**
 * The members that run next are known. A run has several of these events if members continue with the best of earlier
 * ones.
 */
export interface MembersReady {
  /** What happened. */
  readonly kind: "membersReady";
  /** The members, in the order in which they run. */
  readonly members: readonly MemberOutline[];
  /** How long the encodings that their trainings read are expected to take, in seconds. */
  readonly encodeSeconds?: number;
}

/** The member that a stage belongs to. */
export interface MemberPlace {
  /** The member's id. */
  readonly id: string;
  /** Its position among those that run together, from 1. */
  readonly number: number;
  /** How many run together. */
  readonly of: number;
}

/**
 * A stage of a member begins. What it needs may be in the store, or may have been computed with an earlier member's.
 */
export interface StageStarted {
  /** What happened. */
  readonly kind: "stageStarted";
  /** Whose stage it is. */
  readonly member: MemberPlace;
  /** The stage's name. */
  readonly stage: string;
  /** What the stage does. */
  readonly stageKind: StageRecord["kind"];
}

/** Work whose progress can be counted. */
export type WorkName =
  | "activations"
  | "convert"
  | "download"
  | "encode"
  | "evaluate"
  | "execute"
  | "judge"
  | "merge"
  | "quantize"
  | "read"
  | "score"
  | "tokenize";

/** The unit in which work is counted. */
export type WorkUnit = "bytes" | "programs" | "rows" | "tensors";

/** The progress of some work: once with `done` 0 when it begins, then after each unit. */
export interface WorkProgress {
  /** What happened. */
  readonly kind: "work";
  /** The work. */
  readonly work: WorkName;
  /** What is being worked on: a file's name, or a stage's. */
  readonly subject?: string;
  /** How many units are done. */
  readonly done: number;
  /** How many units there are. */
  readonly total: number;
  /** The unit. */
  readonly unit: WorkUnit;
  /** Whether an earlier run did these units. */
  readonly resumed?: true;
}

/** The steps of a training begin; members that differ only in what is trained take them together. */
export interface TrainingStarted {
  /** What happened. */
  readonly kind: "trainingStarted";
  /** The training's name. */
  readonly stage: string;
  /** The ids of the members that are trained. */
  readonly members: readonly string[];
  /** How many steps there are. */
  readonly steps: number;
  /** How many of them an earlier run has done. */
  readonly stepsDone: number;
  /** The losses of those steps, one list per member; absent if there are none. */
  readonly losses?: readonly (readonly number[])[];
}

/** The result of a step for one of the members that train together. */
export interface MemberStep {
  /** The member's id. */
  readonly member: string;
  /** The loss before the step's update: in nats per token, or per row if a head predicts classes. */
  readonly loss: number;
  /** The 2-norm of all gradients before clipping; present if `maxGradNorm` clips it. */
  readonly gradientNorm?: number;
  /** For a training on preferences. */
  readonly rewards?: StepRewards;
}

/** Means over the rows of a step on preferences. */
export interface StepRewards {
  /** The reward of the chosen answers. */
  readonly chosen: number;
  /** The reward of the rejected answers. */
  readonly rejected: number;
  /** How much larger the former is. */
  readonly margin: number;
  /** The share of rows whose chosen answer has the larger reward. */
  readonly accuracy: number;
}

/** A step of a training is done. */
export interface StepDone {
  /** What happened. */
  readonly kind: "step";
  /** The training's name. */
  readonly stage: string;
  /** The step's number, from 1. */
  readonly step: number;
  /** How many steps there are. */
  readonly steps: number;
  /** The optimizer's learning rate at this step, with its schedule applied; omitted if the optimizer finds its own. */
  readonly learningRate?: number;
  /** The wall seconds of the step, for all members together. */
  readonly seconds: number;
  /** The result for each member. */
  readonly members: readonly MemberStep[];
}

/** A training has used all rows once more. */
export interface EpochDone {
  /** What happened. */
  readonly kind: "epoch";
  /** The training's name. */
  readonly stage: string;
  /** The ids of the members that are trained. */
  readonly members: readonly string[];
  /** The epoch's number, from 1. */
  readonly epoch: number;
  /** How many epochs were requested. */
  readonly epochs: number;
  /** How many steps are done. */
  readonly step: number;
}

/** A member was measured during its training. */
export interface Validated {
  /** What happened. */
  readonly kind: "validation";
  /** The training's name. */
  readonly stage: string;
  /** The member's id. */
  readonly member: string;
  /** How many steps were done. */
  readonly step: number;
  /** What was measured. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Whether this is the best of the training so far. */
  readonly isBest: boolean;
}

/** An evaluation's result. */
export interface Evaluated {
  /** What happened. */
  readonly kind: "evaluation";
  /** The member's id. */
  readonly member: string;
  /** As in results.json. */
  readonly record: EvaluateRecord;
}

/** Something that the user should know, which does not end the run. */
export interface Noted {
  /** What happened. */
  readonly kind: "note";
  /** What to know. */
  readonly message: string;
}

/** A stage of a member is done. */
export interface StageDone {
  /** What happened. */
  readonly kind: "stageDone";
  /** Whose stage it is. */
  readonly member: MemberPlace;
  /** The stage's name. */
  readonly stage: string;
  /** What the stage does. */
  readonly stageKind: StageRecord["kind"];
  /** Whether its result was in the store, or had been computed with an earlier member's. */
  readonly cached: boolean;
  /** The seconds that it took. */
  readonly seconds: number;
}

/** All stages of a member are done. */
export interface MemberDone {
  /** What happened. */
  readonly kind: "memberDone";
  /** As in results.json. */
  readonly record: MemberRecord;
}

/** A run is done, and its folder is written. */
export interface RunDone {
  /** What happened. */
  readonly kind: "runDone";
  /** The pipeline's name. */
  readonly pipeline: string;
  /** The run folder. */
  readonly folder: string;
  /** How many members it had. */
  readonly members: number;
  /** The seconds that it took. */
  readonly seconds: number;
  /** The store's folder, if this run created it. */
  readonly madeStore?: string;
}

/** A run ended before it was done. */
export interface RunFailed {
  /** What happened. */
  readonly kind: "runFailed";
  /** Why, and what to do about it. */
  readonly message: string;
  /** Whether it was asked to stop; the same command resumes it. */
  readonly stopped: boolean;
  /** Whether the request was invalid, so that there is no run to look at. */
  readonly refused: boolean;
}

/** What a run reports about itself while it runs, with the device if the run is spread over several. */
export type RunEvent =
  & (
    | RunStarted
    | MembersReady
    | StageStarted
    | WorkProgress
    | TrainingStarted
    | StepDone
    | EpochDone
    | Validated
    | Evaluated
    | Noted
    | StageDone
    | MemberDone
    | RunDone
    | RunFailed
  )
  & {
    /** The device's name, as in `cpu:1`. */
    readonly device?: string;
  };

/** Receives a run's events. It must not throw: nothing depends on who watches. */
export type Emit = (event: RunEvent) => void;
