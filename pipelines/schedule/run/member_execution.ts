/**
 * A round of a run: members that are all known before the first of them runs, with what they share computed once.
 *
 * @module
 */
import { join } from "node:path";
import { savedTensors } from "../../compile/lower/tensor_forms.ts";
import type { TensorMap } from "../../compile/parameters/initial.ts";
import { RequestError } from "../../common/errors.ts";
import type { ModelWeights } from "../../models/open/model.ts";
import { providerRuntimes } from "../../runtime/providers.ts";
import { locationOf } from "../../common/source_location.ts";
import type {
  ActivationsRecord,
  EvaluateRecord,
  MemberRecord,
  Results,
  StageRecord,
  TrainRecord,
} from "../../results/results.ts";
import type { RunFolder } from "../../report/run_folder.ts";
import { resumable, type ResumableTune, stepsBehind } from "../train/checkpoint.ts";
import { encode, type EncodedExamples, type EncodeRecord } from "../encode/encode.ts";
import { encodeJobOf } from "../encode/shared_encoding.ts";
import { activationsOf } from "../activations/kept_activations.ts";
import { predictions } from "../evaluate/evaluate.ts";
import { initialTensors } from "../train/initial_tensors.ts";
import { encodingKey, tensorsDigest } from "../context/keys.ts";
import { cautions, measure } from "../../metrics/measure.ts";
import type {
  PreparedActivations,
  PreparedEvaluation,
  PreparedMember,
  PreparedModel,
  PreparedTraining,
} from "../prepare/prepared.ts";
import { SharedPrompts } from "../encode/prompts.ts";
import { noteRate } from "../context/rates.ts";
import { batchingKey, mostBatched, runTunes } from "../train/batched_training.ts";
import { DivergedError } from "../train/train.ts";
import { compiledModel, findTuned, prepareTune, type Tuned, type TuneJob, weightsFor } from "../train/tune.ts";
import { encodeFlops, trainFlops } from "../plan/flops.ts";
import type { RunContext } from "../context/run_context.ts";

/** Trainings that read the same rows of the same model share one encoding. */
interface SharedEncoding {
  readonly jobs: TuneJob[];
  encoded?: Promise<EncodedExamples>;
}

/** Runs members that depend on no results of each other. */
export class MemberExecution {
  readonly #runContext: RunContext;
  readonly #folder: RunFolder;
  readonly #jobs = new Map<PreparedTraining, TuneJob>();
  readonly #encodings = new Map<string, SharedEncoding>();
  /** The member that a training was declared in first. */
  readonly #members = new Map<PreparedTraining, string>();
  readonly #tuned = new Map<string, Tuned>();
  readonly #sideBySideKeys = new Map<TuneJob, string | undefined>();
  /** The keys of trainings whose time is told. */
  readonly #reported = new Set<string>();
  readonly #opened: EncodedExamples[] = [];
  readonly #prompts: SharedPrompts;

  constructor(runContext: RunContext, folder: RunFolder) {
    this.#runContext = runContext;
    this.#folder = folder;
    this.#prompts = new SharedPrompts(runContext);
  }

  /** Takes up every training and evaluation, so that what is computed once can serve all that share it. */
  async gather(members: readonly PreparedMember[]): Promise<void> {
    for (const { member, stages } of members) {
      for (const stage of stages) {
        await this.#runContext.heed();
        if (stage.kind === "evaluate") {
          this.#prompts.add(stage, await weightsFor(this.#runContext, stage.training ?? stage));
          continue;
        }
        if (stage.kind === "activations") continue;
        this.#members.set(stage, member.id);
        const job = await prepareTune(this.#runContext, stage, await weightsFor(this.#runContext, stage));
        this.#jobs.set(stage, job);
        this.#encodings.getOrInsertComputed(encodingKey(job), () => ({ jobs: [] })).jobs.push(job);
      }
    }
  }

  /** Runs a member's stages and writes what they give to the run's folder. */
  async member({ member, stages, trainableParameters }: PreparedMember): Promise<MemberRecord> {
    const records: StageRecord[] = [];
    const evaluations = stages.filter((stage) => stage.kind === "evaluate").length;
    for (const stage of stages) {
      if (stage.kind === "train") records.push(await this.#train(member.id, stage, stages));
      else if (stage.kind === "activations") records.push(await this.#activate(member.id, stage));
      else records.push(await this.#evaluate(member.id, stage, evaluations > 1));
    }
    const { id, axes, chosen } = member, quantize = stages[0]?.quantize;
    const optional = { ...chosen.length === 0 ? {} : { chosen }, ...quantize === undefined ? {} : { quantize } };
    return { id, axes, ...optional, trainableParameters, stages: records };
  }

  /** What the trainings read, also where none had to run because its result was in the store. */
  async encodings(): Promise<Results["encode"]> {
    const records: EncodeRecord[] = [];
    for (const { jobs, encoded } of this.#encodings.values()) {
      if (encoded !== undefined) records.push((await encoded).record);
      else {
        const stored = jobs.flatMap(({ key }) => this.#tuned.get(key)?.encoding ?? [])[0];
        if (stored !== undefined && this.#runContext.store.has("encode", stored.key)) {
          records.push({ ...stored, cached: true, seconds: 0 });
        }
      }
    }
    return records;
  }

  /** Closes the encodings that were opened. */
  close(): void {
    for (const encoded of this.#opened) encoded[Symbol.dispose]();
    this.#prompts[Symbol.dispose]();
  }

  /** An encoding that all have trained on is closed, so that the store can give up its file. */
  async #closeDone({ jobs, encoded }: SharedEncoding): Promise<void> {
    if (jobs.every(({ key }) => this.#tuned.has(key))) (await encoded)?.[Symbol.dispose]();
  }

  async #train(member: string, stage: PreparedTraining, stages: PreparedMember["stages"]): Promise<TrainRecord> {
    const isFirst = !this.#reported.has(this.#job(stage).key);
    this.#reported.add(this.#job(stage).key);
    const { tensors, losses, stepSeconds, cached, seconds } = await this.#tune(stage);
    const trainings = stages.filter((other) => other.kind === "train").length;
    const name = stage.full === undefined ? "intervention" : "model";
    await this.#folder.trained(member, trainings > 1 ? join(stage.name, name) : name, stage, tensors);
    return {
      name: stage.name,
      kind: "train",
      cached: cached || !isFirst,
      // Encoding has a line of its own.
      seconds: isFirst ? seconds : 0,
      steps: losses.length,
      losses,
      stepSeconds,
    };
  }

  #job(stage: PreparedTraining): TuneJob {
    const job = this.#jobs.get(stage);
    if (job === undefined) throw new TypeError(`The training ${stage.name} was not gathered`);
    return job;
  }

  /** The training's result: computed once, however many members share it. */
  async #tune(stage: PreparedTraining): Promise<Tuned> {
    const job = this.#job(stage);
    const known = this.#tuned.get(job.key) ?? await findTuned(this.#runContext, job);
    if (known !== undefined) {
      this.#tuned.set(job.key, known);
      return known;
    }
    const trainings = await this.#sideBySide(job);
    const encoded = job.programs.kept.length === 0 ? undefined : await this.#encoded(job);
    try {
      const tuned = await runTunes(this.#runContext, trainings, encoded);
      trainings.forEach(({ job: { key } }, at) => this.#tuned.set(key, tuned[at]!));
      await this.#closeDone(this.#encodings.get(encodingKey(job))!);
      const seconds = tuned.reduce((sum, { stepSeconds }) => stepSeconds.reduce((all, each) => all + each, sum), 0);
      const flops = trainings.reduce((sum, { job: { stage, programs } }) => sum + trainFlops(stage, programs), 0);
      await noteRate(this.#runContext, "train", flops, seconds);
      return tuned[0]!;
    } catch (error) {
      if (!(error instanceof DivergedError)) throw error;
      const failed = trainings[error.member]!.job.stage;
      const kept = await this.#folder.trained(this.#members.get(failed)!, "last-good", failed, error.lastGood);
      throw new RequestError(`${error.problem} (the last good state is in ${kept})`, locationOf(failed.spec));
    }
  }

  /** A training that has to run, with those that can run beside it: they are at the same step. */
  async #sideBySide(job: TuneJob): Promise<ResumableTune[]> {
    const { store } = this.#runContext, first = await resumable(store, job);
    const group = new Map([[job.key, first]]), most = mostBatched(job);
    const { batchesTrainings } = providerRuntimes[this.#runContext.provider];
    const key = batchesTrainings ? this.#sideBySideKey(job) : undefined;
    for (const other of key === undefined ? [] : this.#jobs.values()) {
      if (group.size + 1 > most) break;
      const isDone = this.#tuned.has(other.key) || store.has("train", other.key);
      if (isDone || group.has(other.key) || this.#sideBySideKey(other) !== key) continue;
      const found = await resumable(store, other);
      if (stepsBehind(found.checkpoint) === stepsBehind(first.checkpoint)) group.set(other.key, found);
    }
    return [...group.values()];
  }

  #sideBySideKey(job: TuneJob): string | undefined {
    return this.#sideBySideKeys.getOrInsertComputed(job, batchingKey);
  }

  #encoded(job: TuneJob): Promise<EncodedExamples> {
    const shared = this.#encodings.get(encodingKey(job))!;
    shared.encoded ??= this.#encode(shared.jobs);
    return shared.encoded;
  }

  async #encode(jobs: readonly TuneJob[]): Promise<EncodedExamples> {
    const job = encodeJobOf(jobs);
    if (job === undefined) throw new TypeError("Nothing is to be encoded");
    const encoded = await encode(this.#runContext, job), { cached, seconds } = encoded.record;
    if (!cached) await noteRate(this.#runContext, "encode", encodeFlops(job), seconds);
    this.#opened.push(encoded);
    return encoded;
  }

  async #activate(member: string, stage: PreparedActivations): Promise<ActivationsRecord> {
    const start = performance.now();
    const { training, name } = stage, weights = await weightsFor(this.#runContext, training ?? stage);
    const { tensors, key } = await this.#tensorsOf(stage, weights);
    const { entry, cached } = await activationsOf(this.#runContext, stage, weights, tensors, key);
    using open = entry;
    const path = join("members", member, `${name}.safetensors`);
    await this.#folder.copy(path, open.path);
    const seconds = (performance.now() - start) / 1000;
    return { name, kind: "activations", cached, seconds, rows: stage.rows.length, tensors: path };
  }

  /** The tensors in saved form that a stage acts with, and what they depend on. */
  async #tensorsOf(
    stage: PreparedEvaluation | PreparedActivations,
    weights: ModelWeights,
  ): Promise<{ readonly tensors: TensorMap; readonly key: string }> {
    const { training } = stage;
    if (training !== undefined) {
      return { tensors: evaluatedTensors(stage, (await this.#tune(training)).tensors), key: this.#job(training).key };
    }
    const tensors = await initialTensors(stage, weights, untrainedSeed);
    return { tensors: evaluatedTensors(stage, tensors), key: tensorsDigest(tensors) };
  }

  async #evaluate(member: string, stage: PreparedEvaluation, several: boolean): Promise<EvaluateRecord> {
    const start = performance.now();
    const { training } = stage;
    const weights = await weightsFor(this.#runContext, training ?? stage);
    const { tensors, key } = await this.#tensorsOf(stage, weights);
    const { predictions: found, predicted, cached } = await predictions(this.#runContext, {
      stage,
      weights,
      compiled: compiledModel(stage, weights),
      tensors,
      encodedPrompts: () => this.#prompts.of(stage),
      tensorsKey: key,
    });
    const path = join("members", member, several ? stage.name : "", "predictions.jsonl");
    await this.#folder.predictions(path, found);
    const metrics = stage.spec.metrics.map(({ kind }) => kind);
    for (const caution of cautions(metrics, predicted)) this.#runContext.progress.warn(`${stage.name}: ${caution}`);
    return {
      name: stage.name,
      kind: "evaluate",
      cached,
      seconds: (performance.now() - start) / 1000,
      metrics: measure(metrics, predicted),
      predictions: path,
    };
  }
}

/** An edit that is evaluated without training is drawn from this seed. */
const untrainedSeed = 42;

function evaluatedTensors(stage: PreparedModel, tensors: TensorMap): TensorMap {
  if (stage.full !== undefined) return tensors;
  const names = stage.adaptations.flatMap((intervention) => {
    return Object.keys(savedTensors(intervention)).map((name) => `${intervention.index}.${name}`);
  });
  return Object.fromEntries(names.map((name) => [name, tensors[name]!]));
}
