/**
 * What every stage works with: the runtime, the store, the models that are open and the sessions that are compiled.
 *
 * @module
 */
import { join } from "node:path";
import { emitOnnx } from "../../../ops/emission/emit.ts";
import type { Provider } from "../../../ops/onnx/model.ts";
import { digest } from "../../../ops/program/digest.ts";
import type { Program } from "../../../ops/program/program.ts";
import { verify } from "../../../ops/passes/verify.ts";
import type { HubOptions } from "../../models/hub/access.ts";
import {
  type BareModel,
  type Model,
  type ModelWeights,
  openBareModel,
  openModel,
  openModelWeights,
  peekModelWeights,
} from "../../models/open/model.ts";
import { unmadeWeights } from "../../models/open/quantized_weights.ts";
import type { SourceOptions } from "../../models/open/source.ts";
import { usualActivations } from "../../compile/programs/activation_budget.ts";
import type { CompiledTraining } from "../../compile/frontier/compiled_training.ts";
import { RequestError, RunError } from "../../common/errors.ts";
import { unplacedOperations } from "../../runtime/placement.ts";
import { explainRefusal, isFallbackRefusal } from "../../runtime/providers.ts";
import { Runtime, type Session, type SessionOptions } from "../../runtime/runtime.ts";
import { mostByDefault } from "../../store/disk_budget.ts";
import { Store } from "../../store/store.ts";
import type { QuantizationName } from "../../models/weights/quantization.ts";
import { type CheckpointInterval, usualInterval } from "./checkpoint_interval.ts";
import { type OpenedQuantized, openQuantized } from "./quantize.ts";

/** Where a stage says how far it is. */
export interface Progress {
  /** A stage with a known number of parts begins; the returned function says how many are done, and a step's losses. */
  begin(
    label: string,
    total: number,
    unit?: "bytes",
  ): (done: number, note?: string, losses?: readonly number[]) => void;
  /** Something a person should know. */
  warn(message: string): void;
}

/** Settings of a run. */
export interface RunContextOptions {
  /** The folder that the pipeline's relative paths start from. */
  readonly base: string;
  readonly store: string;
  readonly provider: Provider;
  readonly threads: number;
  readonly progress: Progress;
  /** How often unfinished work is kept; the usual pace without it. */
  readonly pace?: CheckpointInterval;
  /** Ends the run when it is aborted, with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** What the store may hold, in bytes; without it {@linkcode defaultDiskBudget}. */
  readonly cacheDisk?: number | undefined;
  /** What a training may keep of its rows, in bytes; without it what the store may hold, or would hold by default. */
  readonly cacheMemory?: number | undefined;
  /** What the activations of a training's longest row may take, in bytes; without it {@linkcode usualActivations}. */
  readonly activationMemory?: number | undefined;
  /** How a hub is reached that models come from. */
  readonly hub?: HubOptions;
}

/** The kernel that results depend on besides the program: ONNX Runtime's version. */
export const runtimeVersion = "onnxruntime-node 1.30.0";

/** A training needs two sessions at once, a generation too, and a third saves what was trained. */
const openSessions = 4;

/** Tells of downloads, each as a stage whose parts are its bytes. */
export function downloadProgress(progress: Progress): NonNullable<SourceOptions["progress"]> {
  return bytesProgress(progress, "download");
}

/** Shows how many bytes of something are done. */
export function bytesProgress(progress: Progress, label: string): NonNullable<SourceOptions["progress"]> {
  let open: { readonly total: number; readonly tell: (done: number, note: string) => void } | undefined;
  return (done, total, file) => {
    if (open?.total !== total) open = { total, tell: progress.begin(label, total, "bytes") };
    open.tell(done, file);
    if (done === total) open = undefined;
  };
}

/** A run's shared means. Dispose it at the end. */
export class RunContext implements AsyncDisposable {
  readonly base: string;
  readonly provider: Provider;
  readonly threads: number;
  readonly progress: Progress;
  readonly store: Store;
  /** What a training may keep of its rows, in bytes. */
  readonly cacheMemory: number;
  /** What the activations of a training's longest row may take, in bytes. */
  readonly activationMemory: number;
  readonly pace: CheckpointInterval;
  readonly #signal: AbortSignal | undefined;
  readonly #hub: HubOptions;
  /** Trainings that were compiled, by what decides their programs. */
  readonly compiled = new Map<string, CompiledTraining>();
  readonly #models = new Map<string, Promise<Model>>();
  readonly #weights = new Map<BareModel, Promise<ModelWeights>>();
  readonly #quantized = new Map<string, Promise<OpenedQuantized>>();
  readonly #sessions = new Map<string, Promise<Session>>();
  #runtime: Runtime | undefined;

  constructor(options: RunContextOptions) {
    const { base, store, provider, threads, progress, pace = usualInterval, signal, hub = {} } = options;
    const { cacheDisk, cacheMemory, activationMemory = usualActivations } = options;
    this.base = base;
    this.provider = provider;
    this.threads = threads;
    this.progress = progress;
    this.pace = pace;
    this.#signal = signal;
    this.#hub = hub;
    const warn = (message: string) => progress.warn(message);
    this.store = new Store(store, { limit: cacheDisk, onDamaged: warn, onEvicted: warn });
    // Not the free space of the moment: it would decide the program, and with it whether an earlier result is found.
    const disk = cacheDisk ?? mostByDefault;
    this.cacheMemory = Math.min(cacheMemory ?? disk, cacheDisk ?? Infinity);
    this.activationMemory = activationMemory;
  }

  /**
   * Lets a wish to stop be heard, for between adaptations of work that keep this thread busy.
   *
   * @throws {StoppedError} If there is one.
   */
  async heed(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve));
    this.#signal?.throwIfAborted();
  }

  /** What every result that the runtime computes depends on besides program, weights and data. */
  get machine(): readonly [string, Provider, number] {
    return [runtimeVersion, this.provider, this.threads];
  }

  /** The model of a source, opened once. */
  model(source: string, revision?: string): Promise<Model> {
    const key = JSON.stringify([source, revision]);
    let model = this.#models.get(key);
    if (model === undefined) {
      model = openModel(source, { ...this.#sources(), ...(revision === undefined ? {} : { revision }) });
      this.#models.set(key, model);
    }
    return model;
  }

  /** The model of a source as far as its config tells it. */
  bareModel(source: string): Promise<BareModel> {
    return openBareModel(source, this.#sources());
  }

  /** How models are found, and downloads and conversions told of. */
  #sources(): SourceOptions {
    const signal = this.#signal === undefined ? {} : { signal: this.#signal };
    const options = { base: this.base, warn: (message: string) => this.progress.warn(message) };
    const kept = { store: this.store.folder, converting: bytesProgress(this.progress, "convert") };
    return { ...this.#hub, ...options, ...signal, ...kept, progress: downloadProgress(this.progress) };
  }

  /** A model's weights, opened once; those of its projections in a few bits if asked for, made if the store has them not. */
  async weights(model: BareModel, quantize?: QuantizationName): Promise<ModelWeights> {
    const base = await this.#storedWeights(model);
    if (quantize === undefined) return base;
    const key = JSON.stringify([model.folder, base.digest, quantize]);
    const make = () => openQuantized(this.store, model, base, quantize, this.progress);
    return (await this.#quantized.getOrInsertComputed(key, make)).weights;
  }

  #storedWeights(model: BareModel): Promise<ModelWeights> {
    let weights = this.#weights.get(model);
    if (weights === undefined) {
      weights = openModelWeights(model, this.#digests);
      this.#weights.set(model, weights);
    }
    return weights;
  }

  /** What is known of a model's weights without reading any; `undefined` if they were never digested. */
  async peekWeights(model: BareModel, quantize?: QuantizationName): Promise<ModelWeights | undefined> {
    const base = await peekModelWeights(model, this.#digests);
    if (base === undefined || quantize === undefined) return base;
    return unmadeWeights(model.architecture, base, quantize);
  }

  /** Where the digests of weight files are remembered. */
  get #digests(): string {
    return join(this.store.folder, "weights.json");
  }

  /** A compiled program, opened once for each set of weights. */
  async session(
    program: Program,
    weights: Pick<ModelWeights, "digest" | "locate">,
    options: SessionOptions = {},
  ): Promise<Session> {
    const key = `${weights.digest} ${digest(program)}`;
    let session = this.#sessions.get(key);
    this.#sessions.delete(key);
    if (session === undefined) {
      await this.#closeOldest();
      session = this.#open(program, weights, options);
    }
    this.#sessions.set(key, session);
    return session;
  }

  async #open(program: Program, weights: Pick<ModelWeights, "locate">, options: SessionOptions): Promise<Session> {
    const runtime = this.#runtime ??= this.#start();
    try {
      const { prepacks: packs = false } = options;
      return await runtime.open(emitOnnx(verify(program), this.provider, weights.locate, { packs }), options);
    } catch (error) {
      if (!(error instanceof RunError)) throw error;
      if (!isFallbackRefusal(error.message)) throw new RequestError(explainRefusal(this.provider, error.message));
      const unplaced = await unplacedOperations(program, this.provider, runtime);
      throw new RunError(
        `${this.provider} has no kernel for ${unplaced.join("; ")} of the ${program.name} program; use --provider cpu`,
      );
    }
  }

  #start(): Runtime {
    const signal = this.#signal;
    signal?.throwIfAborted();
    const runtime = new Runtime({ threads: this.threads });
    signal?.addEventListener("abort", () => runtime.stop(signal.reason), { once: true });
    return runtime;
  }

  /** Closes the session of a program that is done, with the memory that it keeps. */
  async release(program: Program, weights: Pick<ModelWeights, "digest">): Promise<void> {
    const key = `${weights.digest} ${digest(program)}`, session = this.#sessions.get(key);
    this.#sessions.delete(key);
    // One that could not be opened has nothing to close.
    await session?.then((open) => open.close(), () => {});
  }

  /** Each session keeps the memory of its largest run, so only those in use stay open. */
  async #closeOldest(): Promise<void> {
    if (this.#sessions.size < openSessions) return;
    for (const [key, oldest] of this.#sessions) {
      this.#sessions.delete(key);
      await (await oldest).close();
      return;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const open = await Promise.allSettled(this.#sessions.values());
    this.#sessions.clear();
    for (const session of open) if (session.status === "fulfilled") await session.value.close();
    this.#runtime?.[Symbol.dispose]();
    for (const made of await Promise.allSettled(this.#quantized.values())) {
      if (made.status === "fulfilled") made.value.entry.close();
    }
  }
}
