/**
 * The train stage: steps of the optimizer over batches of rows.
 *
 * @module
 */
import type { TensorMap } from "../compile/initial.ts";
import { exampleFeeds, type Feeds, groupExtents, type LaidOutRow } from "../compile/feeds.ts";
import type { Adaptation } from "../compile/adaptations.ts";
import { dropoutFeeds } from "../compile/dropout.ts";
import type { Layout } from "../compile/layout.ts";
import { lossName, stateNames } from "../compile/programs.ts";
import type { CompiledTraining } from "../compile/training.ts";
import { batchOrder, groupByLength } from "../data/batches.ts";
import { RequestError } from "../errors.ts";
import type { Architecture } from "../models/architecture.ts";
import type { HostTensor, Session } from "../runtime/runtime.ts";
import type { Resolved, TrainSpec } from "../spec.ts";
import type { EncodedExamples } from "./encode.ts";

/** A training, or several side by side that differ in what is trained alone, ready to run. */
export interface TrainJob {
  /** Each training's pieces; all numbered through. */
  readonly members: readonly (readonly Adaptation[])[];
  readonly spec: Resolved<TrainSpec>;
  readonly architecture: Architecture;
  readonly layout: Layout;
  readonly rows: readonly LaidOutRow[];
  readonly programs: CompiledTraining;
  /** Of each step the groups of rows that run together. */
  readonly steps: readonly (readonly (readonly number[])[])[];
  /** Where the trainable tensors start, by name. */
  readonly initial: TensorMap;
  /** Fed to every run unchanged: the bases of orthogonal tensors, what all rows begin with where steps run over it. */
  readonly fixed: Feeds;
  /** What was encoded of the rows; absent where nothing is kept. */
  readonly encoded: EncodedExamples | undefined;
  readonly session: (program: "train" | "accumulate" | "update") => Promise<Session>;
  /** The tensors in saved form, for the last good state of a training that failed. */
  readonly toSaved: (trained: TensorMap) => Promise<TensorMap>;
  readonly beginProgress: (steps: number) => (done: number, note?: string) => void;
}

/** A loss that is not a number: the training stopped, and this is what it had before. */
export class DivergedError extends RequestError {
  /** Whose loss it is, from 0. */
  readonly member: number;
  /** The trained tensors of all members at the last step whose losses were finite, in saved form. */
  readonly lastGood: TensorMap;

  constructor(problem: string, member: number, lastGood: TensorMap) {
    super(problem);
    this.member = member;
    this.lastGood = lastGood;
  }
}

/** What a training gives. */
export interface TrainResult {
  /** The trained tensors of all members in trained form. */
  readonly parameters: TensorMap;
  /** Of each member one number a step, in nats a token. */
  readonly losses: readonly (readonly number[])[];
  /** Wall seconds of each step. */
  readonly stepSeconds: readonly number[];
}

/** What decides which rows run together. */
export type RunCosts = Pick<CompiledTraining, "runOverhead" | "activationBytes">;

/** A context token costs its keys' and values' share of attention alone. */
const contextWeight = 0.02;

/** The memory that the activations of one run may take, in bytes: a batch that needs more runs in parts. */
export const mostActivations = 2 ** 28;

/**
 * Runs all steps.
 *
 * @throws {DivergedError} If a loss is not finite; it names the step and holds the last good state.
 */
export async function train(job: TrainJob): Promise<TrainResult> {
  const { steps } = job;
  const state = new TrainingState(job);
  const losses = job.members.map((): number[] => []), stepSeconds: number[] = [];
  const groups = steps.flatMap((step, index) =>
    step.map((rows, at) => ({ rows, index, last: at === step.length - 1 }))
  );
  const isWhole = steps.every((step) => step.length === 1);
  // The programs are opened before the clock of the first step starts.
  const session = await job.session(isWhole ? "train" : "accumulate");
  const update = isWhole ? undefined : await job.session("update");
  let prepared = prepare(job, groups[0]!, 0);
  const progress = job.beginProgress(steps.length);
  let sums = losses.map(() => 0), begun = performance.now();
  for (const [at, group] of groups.entries()) {
    const step = steps[group.index]!;
    const labelled = step.flat().reduce((sum, row) => sum + job.rows[row]!.labels.length, 0);
    const running = session.run({ ...prepared, ...state.feeds(group.index, steps.length, labelled) });
    // The next batch is gathered while this one runs.
    const next = groups[at + 1];
    if (next !== undefined) prepared = prepare(job, next, (at + 1) % 2);
    const { outputs } = await running;
    sums = sums.map((sum, member) => sum + Number(outputs[lossName(member)]!.data[0]));
    const diverged = sums.findIndex((sum) => !Number.isFinite(sum));
    if (diverged >= 0) {
      throw new DivergedError(
        `the loss of step ${group.index + 1} of ${steps.length} is ${sums[diverged]}; lower the learning rate`,
        diverged,
        await job.toSaved(state.lastGood()),
      );
    }
    state.take(outputs);
    if (!group.last) continue;
    if (update !== undefined) state.take((await update.run(state.feeds(group.index, steps.length, labelled))).outputs);
    losses.forEach((list, member) => list.push(sums[member]!));
    stepSeconds.push((performance.now() - begun) / 1000);
    progress(group.index + 1, `loss ${sums.map((sum) => sum.toFixed(4)).join(" ")}`);
    sums = losses.map(() => 0);
    begun = performance.now();
  }
  return { parameters: state.parameters(), losses, stepSeconds };
}

/** Each step's groups of rows that run together. */
export function stepsOf(
  { spec, rows, programs }: Pick<TrainJob, "spec" | "rows"> & { readonly programs: RunCosts },
): number[][][] {
  const { epochs, batchSize, gradientAccumulation, shuffle, seed } = spec;
  const limits = { overhead: programs.runOverhead, most: mostActivations / programs.activationBytes };
  const effective = batchSize * gradientAccumulation;
  const batches = batchOrder({ count: rows.length, batchSize: effective, epochs, shuffle, seed });
  const length = (row: number) => rows[row]!.tail.length + contextWeight * rows[row]!.context.length;
  return batches.map((batch) => {
    const parts: number[][] = [];
    for (let start = 0; start < batch.length; start += batchSize) {
      parts.push(...groupByLength(batch.slice(start, start + batchSize), length, limits));
    }
    return parts;
  });
}

/** Rows that run together in a step. */
interface StepRows {
  readonly rows: readonly number[];
  /** The step's number, from 0. */
  readonly index: number;
}

function prepare(job: TrainJob, { rows: group, index }: StepRows, slot: number): Feeds {
  const { members, layout, architecture, programs: { readsContext, kept }, spec: { seed } } = job;
  const rows = group.map((row) => job.rows[row]!);
  const own = exampleFeeds(rows, layout, architecture, members.flat(), readsContext);
  const dropped = { seed, step: index, rows: group, tail: groupExtents(rows).tail };
  return { ...own, ...dropoutFeeds(members, dropped, own), ...job.encoded?.feeds(group, kept, `slot${slot}`) };
}

/** Parameters, moments and gradients between runs. */
class TrainingState {
  readonly #job: TrainJob;
  readonly #zeros: Record<string, HostTensor> = {};
  #tensors: Record<string, HostTensor> = {};
  #previous: Record<string, HostTensor> = {};
  #gradients: Record<string, HostTensor> | undefined;

  constructor(job: TrainJob) {
    this.#job = job;
    for (const { name, shape } of job.programs.parameters) {
      const { firstMoment, secondMoment } = stateNames(name);
      const initial = job.initial[name];
      if (initial === undefined) throw new TypeError(`No initial value for ${name}`);
      const zeros = () => ({ data: new Float32Array(initial.data.length), shape });
      this.#tensors[name] = initial;
      this.#tensors[firstMoment] = zeros();
      this.#tensors[secondMoment] = zeros();
      this.#zeros[`gradient.${name}`] = zeros();
    }
  }

  feeds(step: number, totalSteps: number, labelled: number): Feeds {
    const { optimizer } = this.#job.spec;
    const scalar = (number: number): HostTensor => ({ data: Float32Array.of(number), shape: [] });
    return {
      ...this.#job.fixed,
      ...this.#tensors,
      ...(this.#gradients ?? this.#zeros),
      "step.index": scalar(step),
      "step.totalSteps": scalar(totalSteps),
      "step.warmupSteps": scalar(Math.floor(optimizer.schedule.warmup * totalSteps)),
      "step.lossScale": scalar(1 / labelled),
      "step.learningRate": scalar(optimizer.learningRate),
      "step.weightDecay": scalar(optimizer.weightDecay),
      "step.beta1": scalar(optimizer.beta1),
      "step.beta2": scalar(optimizer.beta2),
      "step.epsilon": scalar(optimizer.epsilon),
    };
  }

  /** Takes over what a run gave: accumulated gradients, or the state after a step. */
  take(outputs: Readonly<Record<string, HostTensor>>): void {
    const next = Object.entries(outputs).filter(([name]) => name.startsWith("next."))
      .map(([name, tensor]) => [name.slice("next.".length), tensor] as const);
    if (next.some(([name]) => name.startsWith("gradient."))) this.#gradients = Object.fromEntries(next);
    else {
      this.#previous = this.#tensors;
      this.#tensors = { ...this.#tensors, ...Object.fromEntries(next) };
      this.#gradients = undefined;
    }
  }

  parameters(): TensorMap {
    return this.#named(this.#tensors);
  }

  /** The parameters whose loss was last found finite: those before the newest step. */
  lastGood(): TensorMap {
    return this.#named(Object.keys(this.#previous).length === 0 ? this.#tensors : this.#previous);
  }

  #named(tensors: Readonly<Record<string, HostTensor>>): TensorMap {
    return Object.fromEntries(this.#job.programs.parameters.map(({ name }) => [name, tensors[name]!]));
  }
}
