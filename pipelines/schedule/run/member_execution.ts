/** Runs members that are all known before the first of them runs, computing once what they share. @module */
import type { MemberPlace } from "../../results/events.ts";
import type { EncodeRecord, MemberRecord, StageRecord, StageRecords } from "../../results/results.ts";
import { averagesOf } from "../../results/averages.ts";
import { suiteNamed } from "../../tasks/suites.ts";
import type { StageKind } from "../../spec/mod.ts";
import type { RunContext } from "../context/run_context.ts";
import type { Shard } from "../encode/shards.ts";
import { AnswersAhead } from "../evaluate/answers_ahead.ts";
import { SharedPrompts } from "../evaluate/shared_prompts.ts";
import { SharedScores } from "../evaluate/shared_scores.ts";
import type { PreparedMember, PreparedStage, PreparedStages, PreparedTraining } from "../prepare/prepared.ts";
import { type ExpectedStages, expectedStages } from "../pace/expected_stages.ts";
import { isEvaluationStored } from "../pace/stored_evaluation.ts";
import { weightsFor } from "../prepare/model_weights.ts";
import { activationsStage } from "./activations_stage.ts";
import { evaluateStage, evaluationAfter } from "./evaluate_stage.ts";
import type { RunOutput } from "./run_output.ts";
import type { SharedWork, StageExecution } from "./stage_execution.ts";
import { nothingPerformed, type Performed } from "./performed.ts";
import { hyperparametersOf } from "./hyperparameters.ts";
import { baseParametersOf } from "./outline.ts";
import { trainStage } from "./train_stage.ts";
import { Trainings } from "./trainings.ts";
import { validating } from "./validating.ts";

const stageExecutions: { readonly [K in StageKind]: StageExecution<K> } = {
  train: trainStage,
  evaluate: evaluateStage,
  activations: activationsStage,
};

/** Runs members that do not depend on each other's results. */
export class MemberExecution implements AsyncDisposable {
  readonly #shared: SharedWork;
  #order: readonly PreparedStage[] = [];
  /** What was already done for its members. */
  performed: Performed = nothingPerformed;

  constructor(runContext: RunContext, output: RunOutput) {
    const prompts = new SharedPrompts(runContext), scores = new SharedScores(runContext);
    const trainings = new Trainings(runContext, output, validating(runContext, { prompts, scores }));
    const answers = new AnswersAhead(runContext, (after) => evaluationAfter(this.#shared, this.#order, after));
    this.#shared = { runContext, output, trainings, prompts, scores, answers, timed: new Set() };
  }

  /** Registers all stages, so that what is computed once can serve all that share it. */
  async gather(members: readonly PreparedMember[]): Promise<void> {
    for (const member of members) {
      for (const stage of member.stages) {
        await this.#shared.runContext.stopIfAsked();
        await this.#gather(stage.kind, stage, member);
      }
    }
  }

  /** Announces stages that will run in this order, so that evaluations may begin before their turn. */
  announce(stages: readonly PreparedStage[]): void {
    this.#order = stages;
  }

  /** How long the stages of the registered members are expected to take. */
  async expected(members: readonly PreparedMember[]): Promise<ExpectedStages> {
    const { runContext, trainings } = this.#shared;
    const expected = await expectedStages(runContext, members, {
      keyOf: (training) => trainings.keyOf(training),
      encodingKeyOf: (training) => trainings.encodingKeyOf(training),
      // Which values are kept is not known before the programs are compiled.
      isEncoded: () => undefined,
      async isStored(stage) {
        if (stage.kind === "train") return trainings.isStored(stage);
        const { training } = stage, isKnown = training !== undefined && trainings.isStored(training);
        const weights = await weightsFor(runContext, stage);
        return await isEvaluationStored(runContext, stage, weights, isKnown ? trainings.keyOf(training) : undefined);
      },
    });
    trainings.expect(expected.encodings);
    return expected;
  }

  /**
   * Runs a member's stages and writes their results.
   *
   * @param place Its position among the members that run together.
   * @param expected How long stages were expected to take.
   */
  async run(
    prepared: PreparedMember,
    place: MemberPlace,
    expected: ExpectedStages["stages"],
  ): Promise<MemberRecord> {
    const records: StageRecord[] = [], { member, stages, trainableParameters } = prepared;
    for (const stage of stages) {
      const record = await this.stage(stage, prepared, place);
      const expectedSeconds = record.cached ? undefined : expected.get(stage)?.seconds;
      records.push(expectedSeconds === undefined ? record : { ...record, expectedSeconds });
    }
    const { id, axes, chosen } = member, quantize = stages[0]?.quantize;
    const optional = { ...chosen.length === 0 ? {} : { chosen }, ...quantize === undefined ? {} : { quantize } };
    const averages = averagesOf(records, (suite) => suiteNamed(suite)?.averaged);
    const listed = averages.length === 0 ? {} : { averages };
    const baseParameters = baseParametersOf(stages);
    const settings = hyperparametersOf(prepared, this.#shared.runContext.base);
    return { id, axes, ...optional, trainableParameters, baseParameters, settings, stages: records, ...listed };
  }

  /** Runs one stage of a member and writes its result. */
  async stage(stage: PreparedStage, prepared: PreparedMember, place: MemberPlace): Promise<StageRecord> {
    const { emit } = this.#shared.runContext, named = { member: place, stage: stage.name, stageKind: stage.kind };
    emit({ kind: "stageStarted", ...named });
    // What was done before is found in the store, and written with its original times.
    const found = await this.#run(stage.kind, stage, prepared), record = this.performed.stages.get(stage) ?? found;
    const { cached, seconds } = record;
    emit({ kind: "stageDone", ...named, cached, seconds });
    return record;
  }

  /** {@linkcode Trainings.keepTo} */
  keepTo(members: readonly string[]): void {
    this.#shared.trainings.keepTo(members);
  }

  /** {@linkcode Trainings.encode} */
  async encode(stage: PreparedTraining, part?: Shard | number): Promise<void> {
    await this.#shared.trainings.encode(stage, part);
  }

  /** What the trainings read. */
  async encodings(): Promise<readonly EncodeRecord[]> {
    const before = new Map(this.performed.encodings.map((record) => [record.key, record]));
    return (await this.#shared.trainings.encodings()).map((record) => before.get(record.key) ?? record);
  }

  /** Stops what was begun ahead, and closes the encodings that were opened. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#shared.answers[Symbol.asyncDispose]();
    this.#shared.trainings[Symbol.dispose]();
    this.#shared.prompts[Symbol.dispose]();
    this.#shared.scores[Symbol.dispose]();
  }

  #gather<K extends StageKind>(kind: K, stage: PreparedStages[K], member: PreparedMember): Promise<void> {
    return stageExecutions[kind].gather(this.#shared, stage, member);
  }

  #run<K extends StageKind>(kind: K, stage: PreparedStages[K], member: PreparedMember): Promise<StageRecords[K]> {
    return stageExecutions[kind].run(this.#shared, stage, member);
  }
}
