/**
 * Sessions for the rest of the pipeline: opened from an ONNX model, run with tensors of the host, closed. They live in
 * a worker, so that this thread stays free for progress bars and interrupts.
 *
 * @module
 */
import { ownValue, putValue } from "../../ops/program/own_value.ts";
import { type Bindings, evaluateShape, isSymbol } from "../../ops/program/dimension.ts";
import type { ExtentList, OnnxModel } from "../../ops/onnx/model.ts";
import { DeviceError, RunError } from "../common/errors.ts";
import type { HostTensor } from "../common/host_tensor.ts";
import { explainFailure } from "./providers.ts";
import type { Device } from "./device.ts";
import { residentShape, type ResidentUse } from "./resident_rows.ts";
import { type Reply, type Request, type RunReply, type SessionSettings, transferred } from "./protocol.ts";
import { startThread } from "./start_thread.ts";
import type { RuntimeThread, StartThread } from "./thread.ts";

export type { HostTensor } from "../common/host_tensor.ts";

/** A compiled program, ready to run. */
export interface Session {
  readonly model: OnnxModel;
  /** Whether it runs in another thread, so that a further run that is requested meanwhile starts without delay. */
  readonly isApart: boolean;
  /**
   * Runs the program. The fed tensors' data is unavailable until the run is over.
   *
   * @param feeds Every input and parameter of the model, by name, except those that stay in the worker.
   * @param resident How the run uses tensors that stay there.
   * @returns The results by name, and the seconds that the run took.
   * @throws {RunError} If the feeds do not fit the model or the runtime fails.
   */
  run(feeds: Readonly<Record<string, HostTensor>>, resident?: ResidentUse): Promise<SessionResult>;
  /** Frees tensors that stay in the worker. */
  free(resident: number): Promise<void>;
  /** Frees the session. */
  close(): Promise<void>;
}

/** Settings of one session. */
export type SessionOptions = Partial<Omit<SessionSettings, "threads" | "device">>;

/** The results of one run. */
interface SessionResult {
  readonly outputs: Readonly<Record<string, HostTensor>>;
  /** The likeliest token of each row, if it was to be chosen. */
  readonly chosen?: readonly number[] | undefined;
  readonly seconds: number;
}

type RequestBody = Request extends infer R ? (R extends Request ? Omit<R, "id"> : never) : never;

interface Waiting {
  resolve(value: RunReply | null): void;
  reject(error: Error): void;
}

/** Where a worker's sessions run. */
type RuntimeOptions = Pick<SessionSettings, "threads"> & { readonly device?: Device | undefined };

/** The worker and its sessions. Dispose it when nothing more is to be run. */
export class Runtime implements Disposable {
  readonly #threads: number;
  readonly #device: Device;
  readonly #thread: RuntimeThread;
  readonly #waiting = new Map<number, Waiting>();
  #stopped: Error | undefined;
  #next = 0;

  /** @param start Starts the thread that holds the sessions. */
  constructor(
    { threads, device = { name: "the device", number: undefined } }: RuntimeOptions,
    start: StartThread = startThread,
  ) {
    this.#threads = threads;
    this.#device = device;
    this.#thread = start({
      answered: (reply) => this.#settle(reply),
      died: (message) => this.stop(new DeviceError(`The runtime's worker died: ${message}`, device.name)),
    });
  }

  /**
   * Creates a session.
   *
   * @throws {RunError} If the runtime refuses the model.
   */
  async open(model: OnnxModel, { keepsMemory = true, prepacks = false }: SessionOptions = {}): Promise<Session> {
    const settings = { threads: this.#threads, keepsMemory, prepacks, device: this.#device.number };
    const { id, reply } = this.#ask({ kind: "open", model, settings });
    await reply;
    return {
      model,
      isApart: this.#thread.isApart,
      run: (feeds, resident) => this.#run(id, model, feeds, resident),
      free: async (resident) => {
        if (this.#stopped === undefined) await this.#ask({ kind: "free", resident }).reply;
      },
      close: async () => {
        if (this.#stopped === undefined) await this.#ask({ kind: "close", session: id }).reply;
      },
    };
  }

  /**
   * Stops for good: all pending and future requests fail with the error. A run in progress cannot be interrupted and is
   * abandoned, together with its feeds.
   */
  stop(error: Error): void {
    this.#stopped = error;
    this.#thread.end();
    this.#rejectAll(error);
  }

  [Symbol.dispose](): void {
    this.#thread.end();
  }

  #rejectAll(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }

  async #run(
    session: number,
    model: OnnxModel,
    feeds: Readonly<Record<string, HostTensor>>,
    resident?: ResidentUse,
  ): Promise<SessionResult> {
    const all: Record<string, HostTensor> = {};
    const bindings: Record<string, number> = {};
    const read = new Set(resident !== undefined && resident.reads > 0 ? resident.names : []);
    for (const { name, shape } of model.fed) {
      if (resident !== undefined && read.has(name)) {
        bindSymbols(model.name, name, shape, residentShape({ ...resident, rows: resident.reads }), bindings);
        continue;
      }
      if (resident?.fedChosen === name) {
        bindSymbols(model.name, name, shape, [resident.reads, 1], bindings);
        continue;
      }
      const tensor = ownValue(feeds, name);
      if (tensor === undefined) throw new RunError(`${model.name} was not fed ${name}`);
      putValue(all, name, tensor);
      bindSymbols(model.name, name, shape, tensor.shape, bindings);
    }
    for (const list of model.extents) putValue(all, list.name, extentTensor(list, bindings));
    for (const { tensors } of resident?.writes ?? []) {
      for (const [source] of typeof tensors === "string" ? [] : tensors) {
        const tensor = ownValue(feeds, source);
        if (tensor !== undefined) putValue(all, source, tensor);
      }
    }
    const reply = await this.#ask(
      { kind: "run", session, feeds: all, resident },
      transferred(Object.values(all)),
    ).reply;
    if (reply === null) throw new RunError(`${model.name} gave no result`);
    for (const [name, tensor] of Object.entries(reply.feeds)) {
      const fed = ownValue(feeds, name);
      if (fed !== undefined) fed.data = tensor.data;
    }
    return { outputs: reply.outputs, chosen: reply.chosen, seconds: reply.seconds };
  }

  #ask(body: RequestBody, transfer: ArrayBuffer[] = []): { id: number; reply: Promise<RunReply | null> } {
    const id = this.#next++;
    if (this.#stopped !== undefined) return { id, reply: Promise.reject(this.#stopped) };
    const reply = new Promise<RunReply | null>((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
    this.#thread.send({ id, ...body }, transfer);
    return { id, reply };
  }

  #settle(reply: Reply): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if (reply.kind === "done") waiting?.resolve(reply.value);
    // A refused model has already been explained; here it is not yet known what caused it.
    else if (reply.provider !== null) waiting?.reject(new RunError(reply.message));
    else waiting?.reject(new DeviceError(explainFailure(reply.message), this.#device.name));
  }
}

function bindSymbols(
  model: string,
  name: string,
  shape: OnnxModel["fed"][number]["shape"],
  actual: readonly number[],
  bindings: Record<string, number>,
): void {
  if (shape.length !== actual.length) {
    throw new RunError(`${model} was fed ${name} as [${actual.join(", ")}] but declares [${shape.join(", ")}]`);
  }
  shape.forEach((dimension, axis) => {
    const extent = actual[axis] as number;
    if (!isSymbol(dimension)) return;
    if (ownValue(bindings, dimension) !== undefined && ownValue(bindings, dimension) !== extent) {
      throw new RunError(
        `${model} was fed ${name} with ${dimension} = ${extent} where it was ${ownValue(bindings, dimension)}`,
      );
    }
    putValue(bindings, dimension, extent);
  });
}

function extentTensor({ shape, parts }: ExtentList, bindings: Bindings): HostTensor {
  const whole = evaluateShape(shape, bindings);
  const extents = parts === undefined ? whole : whole.flatMap((extent) => alikeParts(extent, parts));
  return { data: new BigInt64Array(extents.map(BigInt)), shape: [extents.length] };
}

function alikeParts(extent: number, parts: number): readonly number[] {
  if (extent < parts) throw new RunError(`${extent} rows can't be split into ${parts} parts`);
  const endOf = (part: number) => Math.floor(extent * part / parts);
  return Array.from({ length: parts }, (_, part) => endOf(part + 1) - endOf(part));
}
