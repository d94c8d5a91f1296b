/** How a kind of stage runs within a run. @module */
import type { StageRecords } from "../../results/results.ts";
import type { StageKind } from "../../spec/mod.ts";
import type { RunContext } from "../context/run_context.ts";
import type { AnswersAhead } from "../evaluate/answers_ahead.ts";
import type { SharedPrompts } from "../evaluate/shared_prompts.ts";
import type { SharedScores } from "../evaluate/shared_scores.ts";
import type { PreparedMember, PreparedStages } from "../prepare/prepared.ts";
import type { RunOutput } from "./run_output.ts";
import type { Trainings } from "./trainings.ts";

/** What the stages of members that run together share. */
export interface SharedWork {
  readonly runContext: RunContext;
  readonly output: RunOutput;
  readonly trainings: Trainings;
  readonly prompts: SharedPrompts;
  readonly scores: SharedScores;
  /** Answers the evaluations, as far as possible ahead of their turn. */
  readonly answers: AnswersAhead;
  /** The keys of trainings whose time is already in a record. */
  readonly timed: Set<string>;
}

/** How to run a kind of stage. */
export interface StageExecution<K extends StageKind> {
  /** Registers a stage before any runs, so that what is computed once can serve all that share it. */
  readonly gather: (shared: SharedWork, stage: PreparedStages[K], member: PreparedMember) => Promise<void>;
  /** Runs a stage, writes its results and returns its record in results.json. */
  readonly run: (shared: SharedWork, stage: PreparedStages[K], member: PreparedMember) => Promise<StageRecords[K]>;
}
