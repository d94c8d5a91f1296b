/**
 * What every stage works with: settings, the store, the models that are open and the sessions that are compiled.
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
  /** The folder that the pipeline's relative paths start from. */
  readonly base: string;
  readonly store: string;
  readonly provider: Provider;
  readonly threads: number;
  /** What the run is spread over; one device if omitted. */
  readonly devices?: readonly Device[] | undefined;
  readonly emit: Emit;
  /** How often unfinished work is kept; without it at {@linkcode defaultInterval}. */
  readonly checkpointInterval?: CheckpointInterval;
  /** Ends the run when it is aborted, with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** What the store may hold, in bytes; without it {@linkcode defaultDiskBudget}. */
  readonly cacheDisk?: number | undefined;
  /** What a training may keep of its rows, in bytes; without it what the store may hold, or would hold by default. */
  readonly cacheMemory?: number | undefined;
  /** What the activations of a training's longest row may take, in bytes; without it {@linkcode usualActivations}. */
  readonly activationMemory?: number | undefined;
  /** What of the machine's memory may be used, in bytes; all of it if omitted. */
  readonly memory?: number | undefined;
  /** How a hub is reached that models come from. */
  readonly hub?: HubOptions;
  /** A cache that is asked for what the store lacks, and gets what is made. */
  readonly shared?: Pick<CacheAccess, "address" | "token">;
}

/** The kernel that results depend on besides the program: ONNX Runtime's version. */
export const runtimeVersion = "onnxruntime-node 1.30.0";

/** What the stages of a run share. Dispose it at the end. */
export class RunContext implements AsyncDisposable {
  readonly base: string;
  readonly provider: Provider;
  readonly threads: number;
  readonly emit: Emit;
  readonly store: Store;
  /** What a training may keep of its rows, in bytes. */
  readonly cacheMemory: number;
  /** What the activations of a training's longest row may take, in bytes. */
  readonly activationMemory: number;
  /** What of the machine's memory may be used, in bytes: models that are larger are encoded in parts. */
  readonly memory: number;
  readonly checkpointInterval: CheckpointInterval;
  readonly #signal: AbortSignal;
  readonly #options: RunContextOptions;
  /** Trainings that were compiled, by what decides their programs. */
  readonly compiled: Map<string, CompiledTraining>;
  readonly models: OpenModels;
  /** How data sets are had from a hub. */
  readonly hub: HubReading;
  /** The sessions of the device that this context works on. */
  readonly sessions: Sessions;
  /** Those of all devices of the run, its own first. */
  readonly devices: readonly Sessions[];
  /** What is open until the end. */
  readonly opened: DisposableStack;

  /** @param of The context of the run whose device with a number this one is for; without it the run's own. */
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
    // A run that uses damaged weights ends when that is found, not when it would publish something.
    const signal = AbortSignal.any([...options.signal ? [options.signal] : [], this.store.checks.signal]);
    this.#signal = signal;
    this.hub = { ...hub, signal, warn, progress: bytesProgress(emit, "download") };
    this.models = of?.run.models ?? new OpenModels({ ...hub, base, signal, store: this.store, emit, provider });
    this.opened = of?.run.opened ?? new DisposableStack();
    this.compiled = of?.run.compiled ?? new Map();
    this.devices = of === undefined
      ? (options.devices ?? [undefined]).map((device) => new Sessions(provider, threads, signal, device))
      : [...of.run.devices.slice(of.device), ...of.run.devices.slice(0, of.device)];
    this.sessions = this.devices[0]!;
    // Not the free space of the moment: it would decide the program, and with it whether an earlier result is found.
    const disk = cacheDisk ?? mostByDefault;
    this.cacheMemory = Math.min(cacheMemory ?? disk, cacheDisk ?? Infinity);
    this.activationMemory = activationMemory;
    this.memory = memory;
  }

  /** The same for work on one of the run's devices; nothing of it has to be disposed of. */
  onDevice(device: number, emit: Emit): RunContext {
    // Workers of the processor share the machine's memory.
    const memory = this.provider === "cpu" ? this.memory / this.devices.length : this.memory;
    return new RunContext({ ...this.#options, memory, emit }, { run: this, device });
  }

  /**
   * Lets a request to stop be heard, between parts of work that keep this thread busy.
   *
   * @throws {StoppedError} If there is one. What a check of weights in use has thrown, if one failed.
   */
  async stopIfAsked(): Promise<void> {
    // A timer would wait for a millisecond or more.
    await new Promise<void>((resolve) => void setImmediate(resolve));
    this.#signal.throwIfAborted();
  }

  /** What every result that the runtime computes depends on besides program, weights and data. */
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
