/**
 * The state that a training carries from step to step.
 *
 * @module
 */
import { ownValue, putValue } from "../../../ops/program/own_value.ts";
import { elementCount } from "../../../ops/program/dimension.ts";
import { warmupStepsOf } from "../../../ops/optimizers/schedule.ts";
import type { Feeds } from "../../common/host_tensor.ts";
import type { CompiledTraining } from "../../compile/frontier/compiled_training.ts";
import type { TensorMap } from "../../compile/parameters/initial.ts";
import { groupPrefix } from "../../compile/programs/parameter_groups.ts";
import { steppingOf } from "../../compile/programs/stepping.ts";
import type { HostTensor } from "../../runtime/runtime.ts";
import type { Resolved, TrainSpec } from "../../spec/mod.ts";

/** The prefix of the names of the previous step's parameters in a saved state. */
const previously = "previous.";

/** What the state of a training depends on. */
export interface StateJob {
  readonly programs: Pick<CompiledTraining, "parameters" | "state">;
  readonly spec: Pick<Resolved<TrainSpec>, "optimizer" | "maxGradNorm" | "labelSmoothing" | "baseDropout">;
  /** The initial values of the trainable tensors, by name. */
  readonly initial: TensorMap;
  /**
   * Fed to every run unchanged: the bases of orthogonal tensors, and the part that all rows begin with if steps run
   * over it.
   */
  readonly fixed: Feeds;
}

/**
 * The maximum size in bytes of a state that is copied for each run, so that it can still be saved when the run is
 * abandoned. A larger state is unavailable while a step runs.
 */
const mostCopied = 2 ** 26;

const scalar = (number: number): HostTensor => ({ data: Float32Array.of(number), shape: [] });
const zeros = (shape: readonly number[]): HostTensor => ({ data: new Float32Array(elementCount(shape)), shape });

/** Parameters, the optimizer's state and gradients between runs. */
export class TrainingState {
  readonly #job: StateJob;
  readonly #zeros: Record<string, HostTensor> = {};
  #tensors: Record<string, HostTensor> = {};
  #previous: Record<string, HostTensor> = {};
  #gradients: Record<string, HostTensor> | undefined;
  /** What runs are fed instead of the tensors, if these are copied. */
  readonly #fed: Record<string, HostTensor> = {};

  /** @param resumed What {@linkcode TrainingState.whole} returned, to resume from. */
  constructor(job: StateJob, resumed?: TensorMap) {
    this.#job = job;
    for (const { name, shape } of job.programs.parameters) {
      const initial = ownValue(job.initial, name);
      if (initial === undefined) throw new TypeError(`No initial value for ${name}`);
      putValue(this.#tensors, name, initial);
      this.#zeros[`gradient.${name}`] = zeros(shape);
    }
    for (const { name, shape } of job.programs.state) putValue(this.#tensors, name, zeros(shape));
    for (const [name, tensor] of Object.entries(resumed ?? {})) {
      if (name.startsWith(previously)) putValue(this.#previous, name.slice(previously.length), tensor);
      else putValue(this.#tensors, name, tensor);
    }
    const all = Object.entries(this.#tensors);
    if (all.reduce((sum, [, { data }]) => sum + data.byteLength, 0) > mostCopied) return;
    for (const [name, { data, shape }] of all) {
      putValue(this.#fed, name, { data: new Float32Array(data.length), shape });
    }
  }

  /** @param labels The number of labels by which the summed loss of the rows in the run is divided. */
  feeds(step: number, totalSteps: number, labels: number): Feeds {
    const { optimizer, maxGradNorm, labelSmoothing } = this.#job.spec;
    return {
      ...this.#job.fixed,
      ...this.#tensors,
      ...this.#copies(),
      ...(this.#gradients ?? this.#zeros),
      "step.index": scalar(step),
      "step.totalSteps": scalar(totalSteps),
      "step.warmupSteps": scalar(warmupStepsOf(optimizer.schedule, totalSteps)),
      "step.lossScale": scalar(1 / labels),
      ...this.#schedule(),
      ...this.#rates(),
      ...this.#settings(),
      ...labelSmoothing === undefined ? {} : { "step.labelSmoothing": scalar(labelSmoothing) },
      ...maxGradNorm === undefined ? {} : { "step.maxGradNorm": scalar(maxGradNorm) },
    };
  }

  /** Takes over a run's results: accumulated gradients, or the state after a step. */
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

  /**
   * Takes over the results of a group that ran in parallel with others: adds its gradients to those of the groups
   * before it.
   */
  add(outputs: Readonly<Record<string, HostTensor>>): void {
    const before = this.#gradients;
    if (before === undefined) return this.take(outputs);
    for (const [name, { data }] of Object.entries(before)) {
      const sum = data as Float32Array, own = ownValue(outputs, `next.${name}`)!.data as Float32Array;
      for (let at = 0; at < sum.length; at++) sum[at]! += own[at]!;
    }
  }

  /**
   * Parameters and the optimizer's state after the newest step, and the parameters before it, which a training that
   * fails later returns; `undefined` while a run uses some of them.
   */
  whole(): TensorMap | undefined {
    const before = Object.keys(this.#previous).length === 0 ? {} : this.#named(this.#previous);
    const earlier = Object.entries(before).map(([name, tensor]) => [previously + name, tensor] as const);
    const all = { ...this.#tensors, ...Object.fromEntries(earlier) };
    return Object.values(all).some(({ data }) => data.buffer.detached) ? undefined : all;
  }

  parameters(): TensorMap {
    return this.#named(this.#tensors);
  }

  /** The parameters whose loss was last found to be finite: those before the newest step. */
  lastGood(): TensorMap {
    return this.#named(Object.keys(this.#previous).length === 0 ? this.#tensors : this.#previous);
  }

  /** The schedule's inputs besides its warm-up. */
  #schedule(): Feeds {
    const { schedule, learningRate = 1 } = this.#job.spec.optimizer;
    if (schedule.kind !== "polynomial") return {};
    return { "step.power": scalar(schedule.power), "step.end": scalar(schedule.end / learningRate) };
  }

  /** Learning rate and decay of each of the optimizer's groups, and of all other parameters. */
  #rates(): Feeds {
    const { groups = [], ...all } = this.#job.spec.optimizer;
    const fed = [undefined, ...groups.keys()].flatMap((group) => {
      const own = { ...group === undefined ? {} : groups[group] };
      const { learningRate = all.learningRate ?? 1, weightDecay = all.weightDecay } = own, prefix = groupPrefix(group);
      return [
        [`${prefix}learningRate`, scalar(learningRate)],
        [`${prefix}weightDecay`, scalar(weightDecay)],
        [`${prefix}exemptDecay`, scalar(all.decay === "all" ? weightDecay : 0)],
      ] as const;
    });
    return Object.fromEntries(fed);
  }

  /** The optimizer's own settings. */
  #settings(): Feeds {
    const { optimizer } = steppingOf(this.#job.spec);
    return Object.fromEntries(
      Object.entries(optimizer.settings).map(([name, number]) => [`step.${name}`, scalar(number)]),
    );
  }

  #copies(): Readonly<Record<string, HostTensor>> {
    for (const [name, { data }] of Object.entries(this.#fed)) {
      (data as Float32Array).set(ownValue(this.#tensors, name)!.data as Float32Array);
    }
    return this.#fed;
  }

  #named(tensors: Readonly<Record<string, HostTensor>>): TensorMap {
    return Object.fromEntries(this.#job.programs.parameters.map(({ name }) => [name, ownValue(tensors, name)!]));
  }
}
