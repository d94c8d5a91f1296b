/**
 * What every stage works with: settings, the store, the open models and the compiled sessions.
 *
 * @module
 */
import { setImmediate } from "node:timers";
import type { Provider } from "../../../ops/onnx/model.ts";
import type { CompiledTraining } from "../../compile/frontier/compiled_training.ts";
import { usualActivations } from "../../compile/programs/activation_budget.ts";
import type { HubReading } from "../../data/files/record_kind.ts";
import type { HubOptions } from "../../models/hub/access.ts";
import type { Device } from "../../runtime/device.ts";
import { machineMemory } from "../../common/machine_memory.ts";
import { mostByDefault } from "../../store/disk_budget.ts";
import { type CacheAccess, SharedCache } from "../../store/shared_cache.ts";
import { Store } from "../../store/store.ts";
import { type CheckpointInterval, defaultInterval } from "./checkpoint_interval.ts";
import { OpenModels } from "./open_models.ts";
import type { Emit } from "../../results/events.ts";
import { bytesProgress, noteTo } from "./work.ts";
import { Sessions } from "./sessions.ts";

/** Settings of a run. */
export interface RunContextOptions {
  /** The folder that the pipeline's relative paths are resolved from. */
  readonly base: string;
  readonly store: string;
  readonly provider: Provider;
  readonly threads: number;
  /** What the run is spread over; one device if omitted. */
  readonly devices?: readonly Device[] | undefined;
  readonly emit: Emit;
  /** How often unfinished work is saved; {@linkcode defaultInterval} if omitted. */
  readonly checkpointInterval?: CheckpointInterval;
  /** Ends the run when it is aborted, with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** How much the store may hold, in bytes; {@linkcode defaultDiskBudget} if omitted. */
  readonly cacheDisk?: number | undefined;
  /**
   * How much a training may keep of its encoded rows, in bytes; if omitted, as much as the store may hold, or would
   * hold by default.
   */
  readonly cacheMemory?: number | undefined;
  /**
   * How much the activations of a training's longest row may take, in bytes; {@linkcode usualActivations} if omitted.
   */
  readonly activationMemory?: number | undefined;
  /** How much of the machine's memory may be used, in bytes; all of it if omitted. */
  readonly memory?: number | undefined;
  /** How to reach the hub that models come from. */
  readonly hub?: HubOptions;
  /** A cache that is queried for what the store lacks, and receives what is computed. */
  readonly shared?: Pick<CacheAccess, "address" | "token">;
}

/** The kernels that results depend on besides the program: ONNX Runtime's version. */
export const runtimeVersion = "onnxruntime-node 1.30.0";

/** What the stages of a run share. Dispose of it at the end. */
export class RunContext implements AsyncDisposable {
  readonly base: string;
  readonly provider: Provider;
  readonly threads: number;
  readonly emit: Emit;
  readonly store: Store;
  /** How much a training may keep of its encoded rows, in bytes. */
  readonly cacheMemory: number;
  /** How much the activations of a training's longest row may take, in bytes. */
  readonly activationMemory: number;
  /** How much of the machine's memory may be used, in bytes: larger models are encoded in parts. */
  readonly memory: number;
  readonly checkpointInterval: CheckpointInterval;
  readonly #signal: AbortSignal;
  readonly #options: RunContextOptions;
  /** Compiled trainings, by what determines their programs. */
  readonly compiled: Map<string, CompiledTraining>;
  readonly models: OpenModels;
  /** How data sets are downloaded from a hub. */
  readonly hub: HubReading;
  /** The sessions of the device that this context works on. */
  readonly sessions: Sessions;
  /** Those of all devices of the run, its own first. */
  readonly devices: readonly Sessions[];
  /** The rows that have been evaluated, if only for some members. */
  readonly evaluated: WeakSet<object>;
  /** What stays open until the end. */
  readonly opened: DisposableStack;

  /**
   * @param of The run's context and the number of the device that this one is for; omitted for the run's own context.
   */
  constructor(options: RunContextOptions, of?: { readonly run: RunContext; readonly device: number }) {
    this.#options = options;
    const { base, store, provider, threads, emit, checkpointInterval = defaultInterval, hub = {} } = options;
    const { cacheDisk, cacheMemory, activationMemory = usualActivations, memory = machineMemory() ?? Infinity } =
      options;
    this.base = base;
    this.provider = provider;
    this.threads = threads;
    this.emit = emit;
    this.checkpointInterval = checkpointInterval;
    const warn = noteTo(emit);
    const { shared } = options;
    this.store = of?.run.store ?? new Store(store, {
      limit: cacheDisk,
      onDamaged: warn,
      onEvicted: warn,
      shared: shared === undefined ? undefined : new SharedCache({ ...shared, warn, signal: options.signal }),
    });
    // A run that uses damaged weights ends as soon as this is found, not when it would publish something.
    const signal = AbortSignal.any([...options.signal ? [options.signal] : [], this.store.checks.signal]);
    this.#signal = signal;
    this.hub = { ...hub, signal, warn, progress: bytesProgress(emit, "download") };
    this.models = of?.run.models ?? new OpenModels({ ...hub, base, signal, store: this.store, emit, provider });
    this.opened = of?.run.opened ?? new DisposableStack();
    this.compiled = of?.run.compiled ?? new Map();
    this.evaluated = of?.run.evaluated ?? new WeakSet();
    this.devices = of === undefined
      ? (options.devices ?? [undefined]).map((device) => new Sessions(provider, threads, signal, device))
      : [...of.run.devices.slice(of.device), ...of.run.devices.slice(0, of.device)];
    this.sessions = this.devices[0]!;
    // Not the current free space: that would determine the program, and so whether an earlier result is found.
    const disk = cacheDisk ?? mostByDefault;
    this.cacheMemory = Math.min(cacheMemory ?? disk, cacheDisk ?? Infinity);
    this.activationMemory = activationMemory;
    this.memory = memory;
  }

  /** The same context for work on one of the run's devices; it need not be disposed of. */
  onDevice(device: number, emit: Emit): RunContext {
    // CPU workers share the machine's memory.
    const memory = this.provider === "cpu" ? this.memory / this.devices.length : this.memory;
    return new RunContext({ ...this.#options, memory, emit }, { run: this, device });
  }

  /**
   * Lets a request to stop take effect between parts of work that keep this thread busy.
   *
   * @throws {StoppedError} If there is one; or the error of a check of weights in use, if one failed.
   */
  async stopIfAsked(): Promise<void> {
    // A timer would wait for a millisecond or more.
    await new Promise<void>((resolve) => void setImmediate(resolve));
    this.#signal.throwIfAborted();
  }

  /** What every result that the runtime computes depends on, besides program, weights and data. */
  get machine(): readonly [string, Provider, number] {
    return [runtimeVersion, this.provider, this.threads];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.store.shared();
    this.opened.dispose();
    for (const sessions of this.devices) await sessions[Symbol.asyncDispose]();
    await this.models[Symbol.asyncDispose]();
    this.store.checks[Symbol.dispose]();
  }
}
