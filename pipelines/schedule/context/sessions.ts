/** A run's open compiled programs. @module */
import { emitOnnx } from "../../../ops/emission/emit.ts";
import type { Provider } from "../../../ops/onnx/model.ts";
import { verify } from "../../../ops/passes/verify.ts";
import { digest } from "../../../ops/program/digest.ts";
import type { Program } from "../../../ops/program/program.ts";
import { DeviceError, RequestError, RunError } from "../../common/errors.ts";
import type { ModelWeights } from "../../models/open/model.ts";
import type { Device } from "../../runtime/device.ts";
import { unplacedOperations } from "../../runtime/placement.ts";
import { explainRefusal, isFallbackRefusal } from "../../runtime/providers.ts";
import { Runtime, type Session, type SessionOptions } from "../../runtime/runtime.ts";
import { mapsWeights } from "../../runtime/start_thread.ts";

/** A generation needs two sessions at once, its training's validation another, and a fourth saves what was trained. */
const mostOpen = 4;

/** The weights that a session reads. */
type SessionWeights = Pick<ModelWeights, "digest" | "locate" | "computesInInt8">;

/** A device's sessions, of which the most recently used stay open: each keeps the memory of its largest run. */
export class Sessions implements AsyncDisposable {
  readonly device: Device;
  /** Whether a further session of the same weights takes no memory for them. */
  readonly mapsWeights: boolean = mapsWeights;
  readonly #provider: Provider;
  readonly #threads: number;
  readonly #signal: AbortSignal | undefined;
  /** By weights and program; the most recently used is last. */
  readonly #open = new Map<string, Promise<Session>>();
  /**
   * Those that stay open until they are released, such as the sessions of a training that is validated between its
   * steps, and how often: trainings with the same program may run at the same time.
   */
  readonly #held = new Map<string, number>();
  /** How many callers await each: one that is closed before they get it could not be run. */
  readonly #awaited = new Map<string, number>();
  #runtime: Runtime | undefined;
  #failure: Error | undefined;

  /** @param signal Stops the runtime when it is aborted. */
  constructor(provider: Provider, threads: number, signal?: AbortSignal, device?: Device) {
    this.#provider = provider;
    this.#threads = threads;
    this.#signal = signal;
    this.device = device ?? { name: provider, number: undefined };
  }

  /** Whether the device has failed and gets no more work. */
  get hasFailed(): boolean {
    return this.#failure !== undefined;
  }

  /** Marks the device as failed: all pending work gets the error. */
  fail(error: Error): void {
    this.#failure ??= error;
    this.#runtime?.stop(error);
  }

  /**
   * A compiled program, opened once for each set of weights.
   *
   * @throws {RequestError} If the provider is not available or rejects the program.
   * @throws {RunError} If the provider has no kernel for an operation.
   */
  async open(program: Program, weights: SessionWeights, options: SessionOptions = {}): Promise<Session> {
    const key = keyOf(program, weights);
    const session = this.#open.get(key) ?? this.#startBeside(key, () => this.#start(program, weights, options));
    this.#use(key, session);
    this.#awaited.set(key, (this.#awaited.get(key) ?? 0) + 1);
    try {
      return await session;
    } catch (error) {
      if (this.#open.get(key) === session) this.#open.delete(key);
      throw error;
    } finally {
      const left = this.#awaited.get(key)! - 1;
      if (left === 0) this.#awaited.delete(key);
      else this.#awaited.set(key, left);
      // It is run next, so others are closed before it, although they may have been asked for later.
      if (this.#open.get(key) === session) this.#use(key, session);
    }
  }

  /** A compiled program, opened once, that stays open until it is released as often as it was held. */
  async hold(program: Program, weights: SessionWeights): Promise<Session> {
    const key = keyOf(program, weights);
    this.#held.set(key, (this.#held.get(key) ?? 0) + 1);
    return await this.open(program, weights);
  }

  /** Closes the session of a program that is done, unless it is still held elsewhere, and frees its memory. */
  async release(program: Program, weights: Pick<ModelWeights, "digest">): Promise<void> {
    const key = keyOf(program, weights), session = this.#open.get(key), holders = this.#held.get(key) ?? 0;
    if (holders > 1) {
      this.#held.set(key, holders - 1);
      return;
    }
    this.#open.delete(key);
    this.#held.delete(key);
    // A session that failed to open has nothing to close.
    await session?.then((open) => open.close(), () => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const open = await Promise.allSettled(this.#open.values());
    this.#open.clear();
    for (const session of open) if (session.status === "fulfilled") await session.value.close();
    this.#runtime?.[Symbol.dispose]();
  }

  async #start(
    program: Program,
    { locate, computesInInt8 }: SessionWeights,
    options: SessionOptions,
  ): Promise<Session> {
    const runtime = this.#runtime ??= this.#startRuntime(), provider = this.#provider;
    try {
      // The matrix products that compute in 8 bits are those with packed codes.
      const { prepacks = computesInInt8 ?? false } = options, emitted = { packs: prepacks };
      return await runtime.open(emitOnnx(verify(program), provider, locate, emitted), { ...options, prepacks });
    } catch (error) {
      this.#signal?.throwIfAborted();
      if (!(error instanceof RunError) || error instanceof DeviceError) throw error;
      if (!isFallbackRefusal(error.message)) throw new RequestError(explainRefusal(provider, error.message));
      const unplaced = await unplacedOperations(program, provider, runtime);
      throw new RunError(
        `${provider} has no kernel for ${unplaced.join("; ")} of the ${program.name} program; use --provider cpu`,
      );
    }
  }

  #startRuntime(): Runtime {
    const signal = this.#signal;
    signal?.throwIfAborted();
    if (this.#failure !== undefined) throw this.#failure;
    const runtime = new Runtime({ threads: this.#threads, device: this.device });
    signal?.addEventListener("abort", () => runtime.stop(signal.reason), { once: true });
    return runtime;
  }

  /** Marks a session as the most recently used. */
  #use(key: string, session: Promise<Session>): void {
    this.#open.delete(key);
    this.#open.set(key, session);
  }

  /** Starts a session once there is room for it beside the others. */
  async #startBeside(key: string, start: () => Promise<Session>): Promise<Session> {
    for (;;) {
      const others = [...this.#open].filter(([other]) => other !== key && !this.#held.has(other));
      const oldest = others.find(([other]) => !this.#awaited.has(other));
      if (oldest === undefined || others.length < mostOpen) return await start();
      const [other, session] = oldest;
      this.#open.delete(other);
      await (await session).close();
    }
  }
}

function keyOf(program: Program, { digest: weights }: Pick<ModelWeights, "digest">): string {
  return `${weights} ${digest(program)}`;
}
