/**
 * The train stage: steps of the optimizer over batches of rows.
 *
 * @module
 */
import type { RowList } from "../../common/row_list.ts";
import { ownValue } from "../../../ops/program/own_value.ts";
import { RequestError } from "../../common/errors.ts";
import type { Feeds } from "../../common/host_tensor.ts";
import type { CompiledTraining } from "../../compile/frontier/compiled_training.ts";
import type { Adaptation } from "../../compile/lower/adaptation.ts";
import { answerFeeds, type AnswerScores } from "../../compile/rows/answers.ts";
import type { TensorMap } from "../../compile/parameters/initial.ts";
import { lossName, normName } from "../../compile/programs/training_programs.ts";
import { baseDropoutFeeds } from "../../compile/rows/base_dropout.ts";
import { dropoutFeeds } from "../../compile/rows/dropout.ts";
import { exampleFeeds } from "../../compile/rows/feeds.ts";
import { groupExtents, type LaidOutRow } from "../../compile/rows/laid_out_rows.ts";
import type { Layout } from "../../compile/rows/layout.ts";
import type { Architecture } from "../../models/architecture/architecture.ts";
import type { Session } from "../../runtime/runtime.ts";
import type { Emit } from "../../results/events.ts";
import type { Resolved, TrainSpec } from "../../spec/mod.ts";
import type { EncodedExamples } from "../encode/encoded_examples.ts";
import { learningRates } from "./learning_rate.ts";
import { runTogether } from "./parallel_groups.ts";
import { noRewards, type Rewards, shownRewards, withGroup, withStep, zeroRewards } from "./rewards.ts";
import { stepsInEpoch } from "../prepare/steps_in_epoch.ts";
import { type StateJob, TrainingState } from "./training_state.ts";
import { lengthsOf } from "../../compile/rows/row_lengths.ts";

/** A training, or several batched ones that differ only in what is trained, ready to run. */
export interface TrainingLoop extends StateJob {
  /** Each training's adaptations, numbered consecutively. */
  readonly members: readonly (readonly Adaptation[])[];
  readonly spec: Resolved<TrainSpec>;
  readonly architecture: Architecture;
  readonly layout: Layout;
  readonly rows: RowList<LaidOutRow>;
  readonly programs: CompiledTraining;
  /** For each step, the groups of rows that run together. */
  readonly steps: readonly (readonly (readonly number[])[])[];
  /** The frozen model's scores of each row's answers, if the objective compares with them. */
  readonly reference?: AnswerScores | undefined;
  /** The encoding of the rows; absent if nothing is kept. */
  readonly encoded: EncodedExamples | undefined;
  readonly session: (program: "train" | "accumulate" | "update", replica?: number) => Promise<Session>;
  /** The tensors in saved form, for the last good state of a training that failed. */
  readonly toSaved: (trained: TensorMap) => Promise<TensorMap>;
  /** The training's name in events, and its members in the order of {@linkcode members}. */
  readonly named: { readonly stage: string; readonly members: readonly string[] };
  readonly emit: Emit;
  /** The state that an earlier run of this training reached, to continue from. */
  readonly start:
    | { readonly step: number; readonly state: TensorMap; readonly losses: readonly (readonly number[])[] }
    | undefined;
  /**
   * Called after each step, before the next one starts; and before the first one, if an earlier run has done some
   * steps.
   */
  readonly reached: (run: LoopProgress) => Promise<void>;
  /** Whether a member's training has ended; called when a step is done. When all have ended, the loop ends. */
  readonly isOver: (member: number) => boolean;
}

/** The results of the steps so far; they grow with each step. */
export interface LoopProgress {
  /** For each member, one loss per step, in nats per token or as its head defines it. */
  readonly losses: readonly (readonly number[])[];
  /** For each member, the norm of its gradients in each step before clipping; empty if they are not clipped. */
  readonly gradientNorms: readonly (readonly number[])[];
  /** For each member, the means of rewards over the rows of each step, if it is trained on preferences. */
  readonly rewards?: readonly Rewards[];
  /** Wall seconds of each step. */
  readonly stepSeconds: readonly number[];
  /** Parameters and moments to resume from; `undefined` while a step uses them. */
  readonly state: () => TensorMap | undefined;
  /** What all members have learned, in trained form. */
  readonly parameters: () => TensorMap;
}

/** A loss that is not finite: the training stopped with the state that it had before. */
export class DivergedError extends RequestError {
  /** The member whose loss it is, from 0. */
  readonly member: number;
  /** The trained tensors of all members at the last step whose losses were finite, in saved form. */
  readonly lastGood: TensorMap;

  constructor(problem: string, member: number, lastGood: TensorMap) {
    super(problem);
    this.member = member;
    this.lastGood = lastGood;
  }
}

/** The result of a training. Losses and seconds are those of the steps that ran now, not of earlier ones. */
interface LoopResult extends Omit<LoopProgress, "state" | "parameters"> {
  /** The trained tensors of all members in trained form. */
  readonly parameters: TensorMap;
}

/**
 * Runs all steps, or those that remain.
 *
 * @throws {DivergedError} If a loss is not finite; it names the step and holds the last good state.
 */
export async function runTrainingLoop(job: TrainingLoop): Promise<LoopResult> {
  const { steps, start, isOver } = job;
  const state = new TrainingState(job, start?.state);
  const losses = job.members.map((): number[] => []), stepSeconds: number[] = [];
  const gradientNorms = job.members.map((): number[] => []), rewards = job.members.map(() => noRewards);
  const history = { losses, gradientNorms, ...job.spec.objective === undefined ? {} : { rewards }, stepSeconds };
  const run: LoopProgress = { ...history, state: () => state.whole(), parameters: () => state.parameters() };
  const result = () => ({ parameters: state.parameters(), ...history });
  const areAllOver = () => job.members.every((_, member) => isOver(member));
  if (start !== undefined) await job.reached(run);
  const groups = steps.flatMap((step, index) =>
    index < (start?.step ?? 0) ? [] : groupsOf(job, step).map((group) => ({ ...group, index }))
  );
  const [first] = groups;
  if (first === undefined || areAllOver()) return result();
  const { dataParallel = 1 } = job.spec, isParallel = dataParallel > 1;
  const isWhole = !isParallel && steps.every((step) => step.length === 1);
  // The programs are opened before the first step is timed.
  const session = await job.session(isWhole ? "train" : "accumulate");
  const update = isWhole ? undefined : await job.session("update");
  const replicas = isParallel
    ? await Promise.all(Array.from({ length: dataParallel }, (_, at) => job.session("accumulate", at)))
    : [session];
  let prepared = isParallel ? {} : prepare(job, first, 0), together: Awaited<ReturnType<typeof runTogether>> = [];
  const { emit, named, spec: { epochs, optimizer } } = job, inEpoch = stepsInEpoch(job);
  const rateAt = learningRates(optimizer, steps.length);
  const before = start === undefined ? {} : { losses: start.losses };
  emit({ kind: "trainingStarted", ...named, steps: steps.length, stepsDone: first.index, ...before });
  let sums = losses.map(() => 0), stepRewards = losses.map(() => zeroRewards), begun = performance.now();
  for (const [at, group] of groups.entries()) {
    const running = isParallel
      ? undefined
      : session.run({ ...prepared, ...state.feeds(group.index, steps.length, group.labels) });
    if (isParallel && group.part === 0) {
      const all = groups.slice(at, at + group.parts);
      const feeds = all.map((each) => {
        return { ...prepare(job, each, each.part), ...state.feeds(each.index, steps.length, each.labels) };
      });
      together = await runTogether(replicas, feeds);
    }
    // The next batch is gathered while this one runs.
    const next = isParallel ? undefined : groups[at + 1];
    if (next !== undefined) prepared = prepare(job, next, (at + 1) % 2);
    const outputs = (await running)?.outputs ?? together[group.part]!;
    sums = sums.map((sum, member) => sum + Number(ownValue(outputs, lossName(member))!.data[0]));
    stepRewards = stepRewards.map((means, member) => withGroup(means, outputs, member));
    const diverged = sums.findIndex((sum, member) => !Number.isFinite(sum) && !isOver(member));
    if (diverged >= 0) {
      // Nothing was learned before the first step, at whatever rate.
      const remedy = group.index === 0
        ? "check the weights that it starts from, the base model's and the edits'"
        : "lower the learning rate";
      throw new DivergedError(
        `the loss of step ${group.index + 1} of ${steps.length} is ${sums[diverged]}; ${remedy}`,
        diverged,
        await job.toSaved(state.lastGood()),
      );
    }
    if (isParallel) state.add(outputs);
    else state.take(outputs);
    if (!group.last) continue;
    const stepped = update === undefined
      ? outputs
      : (await update.run(state.feeds(group.index, steps.length, group.labels))).outputs;
    if (update !== undefined) state.take(stepped);
    const members = named.members.flatMap((member, at) => {
      if (isOver(at)) return [];
      const loss = sums[at]!, norm = ownValue(stepped, normName(at));
      losses[at]!.push(loss);
      if (norm !== undefined) gradientNorms[at]!.push(Number(norm.data[0]));
      const means = stepRewards[at]!;
      rewards[at] = withStep(rewards[at]!, means);
      return {
        member,
        loss,
        ...norm === undefined ? {} : { gradientNorm: Number(norm.data[0]) },
        ...job.spec.objective === undefined ? {} : { rewards: shownRewards(means) },
      };
    });
    const step = group.index + 1, seconds = (performance.now() - begun) / 1000;
    stepSeconds.push(seconds);
    const { stage } = named,
      learningRate = rateAt(group.index),
      rate = learningRate === undefined ? {} : { learningRate };
    emit({ kind: "step", stage, step, steps: steps.length, ...rate, seconds, members });
    if (step % inEpoch === 0) emit({ kind: "epoch", ...named, epoch: step / inEpoch, epochs, step });
    await job.reached(run);
    if (areAllOver()) break;
    sums = losses.map(() => 0);
    stepRewards = losses.map(() => zeroRewards);
    begun = performance.now();
  }
  return result();
}

/** A step's groups of rows, batch by batch, each with the number of labels by which its summed loss is divided. */
function groupsOf({ rows, spec }: TrainingLoop, step: readonly (readonly number[])[]) {
  const { lossReduction = "tokens", batchSize, gradientAccumulation, objective } = spec, all = step.flat();
  const { labels: lengths } = lengthsOf(rows);
  // An objective has one loss for a row's two answers.
  const labels = (some: readonly number[]) =>
    objective === undefined ? some.reduce((sum, row) => sum + lengths[row]!, 0) : some.length;
  const inStep = labels(all);
  let before = 0;
  return step.map((group, at) => {
    const start = before - before % batchSize;
    before += group.length;
    const divisor = lossReduction === "tokens"
      ? inStep
      : gradientAccumulation * labels(all.slice(start, start + batchSize));
    return { rows: group, part: at, parts: step.length, last: at === step.length - 1, labels: divisor };
  });
}

/** Rows that run together in a step. */
interface StepRows {
  readonly rows: readonly number[];
  /** The step's number, from 0. */
  readonly index: number;
}

function prepare(job: TrainingLoop, { rows: group, index }: StepRows, slot: number): Feeds {
  const { members, layout, architecture, programs: { readsContext, kept }, spec: { seed, objective } } = job;
  const rows = group.map((row) => job.rows.at(row)!);
  const own = exampleFeeds(rows, layout, architecture, members.flat(), readsContext);
  const dropped = { ...groupExtents(rows), seed, step: index, rows: group };
  const base = job.spec.baseDropout === true
    ? baseDropoutFeeds(architecture, {
      ...{ seed, step: index, rows: group, virtual: layout.virtual },
      tail: rows.map(({ tail }) => tail.length),
      context: rows.map(({ context }) => context.length),
    })
    : {};
  const answers = objective === undefined
    ? {}
    : answerFeeds(rows, job.reference && group.map((row) => job.reference!.at(row)!));
  return {
    ...own,
    ...answers,
    ...base,
    ...dropoutFeeds(members, dropped, own),
    ...job.encoded?.feeds(group, kept, `slot${slot}`),
  };
}
